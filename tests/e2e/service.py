"""Corral under test: the real binary, in a folder of its own, with nothing of the machine's."""

import contextlib
import json
import os
import random
import re
import shutil
import signal
import socket
import subprocess
import tempfile
import threading

import anthropic
import httpx2
import openai

import processes
from raw import RawConnection
from waiting import SCALE, eventually

ADDRESS = re.compile(r"http://[\d.]+:(\d+)")
TINY_GGUF = os.path.join(os.path.dirname(__file__), "../models/tiny-chat-1m-q8_0.gguf")
TINY_GGUF = os.path.abspath(TINY_GGUF)


def free_ports(count):
    """The first of `count` free ports in a row, below those that the kernel hands out."""
    while True:
        first = random.randrange(20000, 30000)
        try:
            for port in range(first, first + count):
                with socket.socket() as probe:
                    probe.bind(("127.0.0.1", port))
            return first
        except OSError:
            continue


class Home:
    """A folder that stands for a person's whole machine: HOME, XDG_*, TMPDIR."""

    def __init__(self, binary):
        self.binary = binary
        self.services = []  # that run
        # Short, because the paths of Unix sockets are limited to about 100 bytes.
        self.folder = tempfile.mkdtemp(prefix="ce-", dir="/tmp")
        for name in ("run", "tmp"):
            os.mkdir(self.path(name), 0o700)
        self.environment = {
            "PATH": os.environ["PATH"],
            "HOME": self.folder,
            "XDG_RUNTIME_DIR": self.path("run"),
            "XDG_CONFIG_HOME": self.path(".config"),
            "XDG_CACHE_HOME": self.path(".cache"),
            "XDG_DATA_HOME": self.path(".local/share"),
            "XDG_STATE_HOME": self.path(".local/state"),
            "TMPDIR": self.path("tmp"),
        }
        for name in ("ASAN_OPTIONS", "UBSAN_OPTIONS", "LSAN_OPTIONS", "TSAN_OPTIONS"):
            if name in os.environ:
                self.environment[name] = os.environ[name]

    def path(self, name):
        return os.path.join(self.folder, name)

    def write_config(self, config):
        """`config` is a text, or a value that is written as JSON, which YAML includes."""
        if not isinstance(config, str):
            count = len(config.get("models", {}))
            config = json.dumps({"startPort": free_ports(count + 1), **config}, indent=1)
        with open(self.path("config.yaml"), "w") as file:
            file.write(config)
        return self.path("config.yaml")

    def command(self, *arguments, environment=None, stdin="", within=30):
        """Runs `corral ARGUMENTS` to its end."""
        return subprocess.run(
            [self.binary, *arguments], input=stdin, text=True, capture_output=True,
            timeout=within * SCALE, cwd=self.folder,
            env={**self.environment, **(environment or {})})

    def processes(self):
        """All of them, but what a sanitizer starts to name the functions of a report."""
        return [pid for pid in processes.with_environment("HOME=" + self.folder)
                if "addr2line" not in processes.command_line(pid)]

    def assert_nothing_left(self, within=5):
        def left():
            return [f"{pid} {processes.command_line(pid)}" for pid in self.processes()]

        eventually(lambda: not left(), f"these processes end: {left()}", within)

    def kill(self, pid):
        """Kills a process of ours, so that a wrong number hurts nobody."""
        assert pid in self.processes()
        os.kill(pid, signal.SIGKILL)

    def kill_all(self):
        """They may end by themselves meanwhile."""
        for pid in self.processes():
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)

    def remove(self):
        self.kill_all()
        shutil.rmtree(self.folder, ignore_errors=True)


class Corral:
    """One `corral serve`. Made by the fixtures of conftest.py, which also stop it."""

    def __init__(self, home, config=None, arguments=(), under=()):
        """`under` is a command that runs another one in its own place, with a limit, say."""
        self.home = home
        listen = [] if "--listen" in arguments else ["--listen", "127.0.0.1:0"]
        command = [*under, home.binary, "serve", *listen, *arguments]
        if config is not None:
            command += ["--config", home.write_config(config)]
        self.log = open(home.path("stderr"), "w+b")
        self.process = subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=self.log, stdin=subprocess.DEVNULL,
            cwd=home.folder, env=home.environment, text=True)
        self.pid = self.process.pid
        home.services.append(self)
        self.printed = []
        self.clients = []
        threading.Thread(target=self._read_output, daemon=True).start()
        self.port = int(eventually(self._address, "corral tells its address", 20).group(1))
        self.url = f"http://127.0.0.1:{self.port}"
        self.http = self._new(httpx2.Client(
            base_url=self.url, timeout=30 * SCALE, trust_env=False,
            limits=httpx2.Limits(max_connections=None)))

    def _read_output(self):
        for line in self.process.stdout:
            self.printed.append(line)

    def _address(self):
        if self.process.poll() is not None:
            raise AssertionError(f"corral ended at once: {self.stderr()}")
        return ADDRESS.search("".join(self.printed))

    def _new(self, client):
        self.clients.append(client)
        return client

    def stderr(self):
        with open(self.home.path("stderr"), errors="replace") as file:
            return file.read()

    # Clients

    def openai(self):
        transport = httpx2.Client(trust_env=False, timeout=30 * SCALE)
        return self._new(openai.OpenAI(
            base_url=self.url + "/v1", api_key="none", max_retries=0, http_client=transport))

    def anthropic(self):
        transport = httpx2.Client(trust_env=False, timeout=30 * SCALE)
        return self._new(anthropic.Anthropic(
            base_url=self.url, api_key="none", max_retries=0, http_client=transport))

    def raw(self):
        return RawConnection(self.port)

    def chat(self, model, text="Hello", **more):
        """A plain chat request; returns the reply's text."""
        reply = self.http.post("/v1/chat/completions", json={
            "model": model, "messages": [{"role": "user", "content": text}], "temperature": 0,
            **more})
        assert reply.status_code == 200, reply.text
        return reply.json()["choices"][0]["message"]["content"]

    # Facts

    def running(self):
        """What /running tells, by model."""
        return {entry["model"]: entry for entry in self.http.get("/running").json()["running"]}

    def state_of(self, model):
        return self.running().get(model, {}).get("state", "stopped")

    def busy_slots(self, model):
        slots = self.http.get(f"/upstream/{model}/slots").json()
        return [slot for slot in slots if slot["is_processing"]]

    def stats(self, model):
        """What the fake engine has counted."""
        return self.http.get(f"/upstream/{model}/stats").json()

    def metric(self, name, **labels):
        wanted = name + "{" + ",".join(f'{n}="{v}"' for n, v in labels.items()) + "}"
        for line in self.http.get("/metrics").text.splitlines():
            text, _, value = line.rpartition(" ")
            if text == wanted:
                return float(value)
        return None

    # The end

    def signal(self, number):
        os.kill(self.pid, number)

    def kill(self):
        """As SIGKILL does, until it is gone."""
        self.process.kill()
        self.process.wait()

    def refuses_connections(self):
        try:
            socket.create_connection(("127.0.0.1", self.port), timeout=1).close()
            return False
        except OSError:
            return True

    def wait(self, within=20):
        """Waits for the end of the process; its exit status."""
        eventually(lambda: self.process.poll() is not None, "corral ends", within)
        return self.process.returncode

    def close_clients(self):
        for client in self.clients:
            client.close()

    def stop(self):
        """Asks for a clean end, unless it has ended already, and checks that it was clean."""
        self.close_clients()
        if self in self.home.services:
            self.home.services.remove(self)
        try:
            if self.process.poll() is None:
                self.signal(signal.SIGTERM)
                assert self.wait() == 0
                if not self.home.services:
                    self.home.assert_nothing_left()
                    assert not self.sockets_left()
            errors = self.stderr()
            assert "Sanitizer" not in errors and "runtime error" not in errors, errors[-8000:]
        finally:
            if self.process.poll() is None:
                self.process.kill()
            self.process.wait()
            self.process.stdout.close()
            self.log.close()
            print("corral's stderr:", self.stderr()[-6000:], sep="\n")

    def sockets_left(self):
        return [name for _, _, names in os.walk(self.home.path("run")) for name in names
                if name.endswith(".sock")]
