"""What a supervisor is for, with the real engine and the tiny model: loading, swapping, an engine
that dies, and more clients than the engine has slots. All cores belong to everybody."""

import os
import signal
import time

from client import Load, ask_until_answered, require
from engine_subjects import BareEngine, engine_subjects
from rounds import Row, interleave

MS = 1e6


def bare_start(bench):
    """From the start of a bare engine's process to its first answer."""
    engine = BareEngine(bench)
    try:
        engine.start()
        ask_until_answered(engine.port, engine.model)
        return (time.monotonic_ns() - engine.started_ns) / MS
    finally:
        engine.stop()


def cold(bench):
    """The first request for a model that is not loaded, of a service that runs already."""
    row = Row("cold", "cold start to the first answer, over the bare engine", "ms")

    def sample(subject):
        if subject.name == "direct":
            return bare_start(bench)
        try:
            subject.start()
            return ask_until_answered(subject.port, subject.model) / MS
        finally:
            subject.stop()

    for values in interleave(bench, [row], engine_subjects(bench), sample, bench.rounds(9)):
        row.add_over("direct", values)
    return [row]


def swap(bench):
    """A request that names another model than the one that runs; one engine fits at a time."""
    row = Row("swap", "swap to another model's answer, over the bare engine", "ms")

    def sample(subject):
        if subject.name == "direct":
            return bare_start(bench)
        with subject:
            return ask_until_answered(subject.port, "b") / MS

    for values in interleave(bench, [row], engine_subjects(bench), sample, bench.rounds(9)):
        row.add_over("direct", values)
    return [row]


def kill_engine(subject):
    engines = subject.engines()
    require(engines, "it runs no engine that could be killed")
    for pid in engines:
        os.kill(pid, signal.SIGKILL)


def kill(bench):
    """The engine is killed: while it idles, and under ten clients."""
    idle = Row("kill", "idle engine killed: time until the next answer", "ms")
    busy = Row("kill", "engine killed under 10 clients: failed requests", "", 0)

    def sample(subject):
        with subject:
            kill_engine(subject)
            idle.add(subject.name, ask_until_answered(subject.port, subject.model) / MS)
        with subject:
            # Plain requests: of a reply that is under way nothing has been sent yet.
            with Load(bench, subject.port, model=subject.model, connections=10, max_tokens=24,
                      duration_ms=2000, pause_ms=100) as load:
                load.go()
                time.sleep(0.7)
                kill_engine(subject)
                counts = load.result()
            require(counts["answered"] > 0, "not one request was answered")
            busy.add(subject.name, counts["refused"] + counts["unanswered"] + counts["cut"])

    supervisors = engine_subjects(bench)[1:]  # all but the bare engine
    interleave(bench, [idle, busy], supervisors, sample, bench.rounds(5))
    return [idle, busy]


def crowd(bench):
    """50 clients with open connections, an engine of 8 slots, 16 tokens each."""
    slow = Row("crowd", "50 clients, engine of 8 slots: p99", "ms")
    rate = Row("crowd", "50 clients, engine of 8 slots: requests/s", "", 0, more_is_better=True)

    def sample(subject):
        with subject:
            with Load(bench, subject.port, model=subject.model, connections=50, max_tokens=16,
                      duration_ms=3000) as load:
                load.go()
                counts = load.good_result()
            slow.add(subject.name, counts["p99_ns"] / MS)
            rate.add(subject.name, counts["answered"] / (counts["took_ns"] / 1e9))

    interleave(bench, [slow, rate], engine_subjects(bench, slots=8), sample, bench.rounds(3))
    return [slow, rate]
