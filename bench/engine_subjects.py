"""The subjects before the real engine. Models "a" and "b" are the same small file; all cores belong
to everybody, since an engine takes what it can get."""

import os

import processes
from subjects import Corral, LlamaSwap, Subject, external


def engine_flags(slots):
    """What Corral tells its workers by default, so that all engines are alike, and one thread: more
    of them spin while they wait for each other, which on a machine with two cores is all noise."""
    return ["--metrics", "--no-ui", "--sse-ping-interval", "5", "--cache-ram", "1024",
            *own_flags(slots)]


def own_flags(slots):
    return ["--parallel", str(slots), "--threads", "1"]


class EngineSubject(Subject):
    model = "a"

    def __init__(self, bench, slots=4):
        super().__init__(bench)
        self.slots = slots

    def cores(self):
        return set(self.bench.cores.all)


class BareEngine(EngineSubject):
    name = "direct"

    def command(self):
        return [self.bench.corral, "engine", "-m", self.bench.gguf, "--host", "127.0.0.1",
                "--port", str(self.port), *engine_flags(self.slots)]


class Router(EngineSubject):
    """llama-server's own router mode. It starts only itself, so no other engine can be behind it."""
    name = "router"

    def environment(self):
        return {"LLAMA_APP_CMD": "engine"}  # the word behind argv[0] by which it starts itself

    def command(self):
        folder = self.yard.path("models")
        os.makedirs(folder, exist_ok=True)
        for model in ("a", "b"):
            if not os.path.exists(f"{folder}/{model}.gguf"):
                os.symlink(self.bench.gguf, f"{folder}/{model}.gguf")
        return [self.bench.corral, "engine", "--models-dir", folder, "--models-max", "1", "--host",
                "127.0.0.1", "--port", str(self.port), *engine_flags(self.slots)]


class CorralWithEngine(EngineSubject, Corral):
    def models(self):
        entry = {"gguf": self.bench.gguf, "args": " ".join(own_flags(self.slots))}
        return {"a": entry, "b": entry}


class LlamaSwapWithEngine(EngineSubject, LlamaSwap):
    def models(self):
        flags = " ".join(engine_flags(self.slots))
        command = (f"{self.bench.corral} engine -m {self.bench.gguf} --host 127.0.0.1 "
                   "--port ${PORT} " + flags)
        return {model: external(command) for model in ("a", "b")}


class RouterAlone(Router):
    """The router on the subject's core and its engine on the load's, for the traffic measures that
    need nothing of our upstream."""

    def cores(self):
        return {self.bench.cores.subject}

    def start_ready(self):
        super().start_ready()
        processes.pin(self.engines(), {self.bench.cores.load})
        return self


ENGINE = (BareEngine, Router, CorralWithEngine, LlamaSwapWithEngine)


def engine_subjects(bench, slots=4):
    """One of each that this run compares, in the table's order, the bare engine first."""
    return [kind(bench, slots) for kind in ENGINE if bench.compares(kind.name)]


def routers_alone(bench):
    return [RouterAlone(bench)] if bench.compares("router") else []
