"""Asking a server: one plain request at a time from here, many at once with the load program."""

import contextlib
import json
import os
import select
import socket
import time


class BenchError(Exception):
    """Why a measure cannot be trusted. Its cell says "failed" and the run ends with status 1."""


def ask(port, model, max_tokens=1, timeout=60):
    """One chat request on a connection of its own. Its status, or 0 when there was no reply."""
    body = json.dumps({"model": model, "max_tokens": max_tokens, "temperature": 0,
                       "messages": [{"role": "user", "content": "Hello"}]})
    head = ("POST /v1/chat/completions HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n"
            f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n")
    reply = b""
    with contextlib.suppress(OSError):
        with socket.create_connection(("127.0.0.1", port), timeout=timeout) as connection:
            connection.sendall((head + body).encode())
            while piece := connection.recv(65536):
                reply += piece
    words = reply.split(b" ", 2)
    return int(words[1]) if len(words) > 2 else 0


def ask_until_answered(port, model, within=60):
    """Asks again after every failure; returns the nanoseconds until an answer was complete."""
    began = time.monotonic_ns()
    while True:
        status = ask(port, model)
        took = time.monotonic_ns() - began
        if status == 200:
            return took
        if took > within * 1e9:
            raise BenchError(f"no answer of {model} within {within} s; the last status: {status}")
        time.sleep(0.001)


def wait_until_listening(port, process, within=30):
    """Returns the moment, in nanoseconds, at which the port first took a connection."""
    deadline = time.monotonic() + within
    while time.monotonic() < deadline:
        with contextlib.suppress(OSError):
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
            return time.monotonic_ns()
        if process.poll() is not None:
            raise BenchError(f"it ended at once with status {process.returncode}")
        time.sleep(0.0002)
    raise BenchError(f"it does not listen on port {port} within {within} s")


def require(condition, otherwise):
    if not condition:
        raise BenchError(otherwise)


class Load:
    """One run of the load program; load.cc tells what its flags are and what it says when."""

    def __init__(self, bench, port, **flags):
        command = [bench.program("load"), "--port", str(port)]
        for name, value in flags.items():
            if value is False:
                continue
            command.append("--" + name.replace("_", "-"))
            if value is not True:
                command.append(str(value))
        self.yard = bench.yard
        self.unread = b""
        self.process = self.yard.start("load", command, {bench.cores.load}, pipes=True)
        self.expect("ready")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.yard.stop(self.process, within=1)

    def go(self):
        self.process.stdin.write("\n")
        self.process.stdin.flush()

    def expect(self, word, within=90):
        line = self.line(within)
        if line != word:
            raise BenchError(f"the load program said '{line}' instead of '{word}'")

    def line(self, within=90):
        pipe = self.process.stdout.fileno()
        while b"\n" not in self.unread:
            ready, _, _ = select.select([pipe], [], [], within)
            piece = os.read(pipe, 4096) if ready else b""
            if not piece:
                raise BenchError(f"the load program said nothing more; {self.yard.log('load')}")
            self.unread += piece
        line, _, self.unread = self.unread.partition(b"\n")
        return line.decode()

    def result(self):
        """Everything that was counted, failures included."""
        line = self.line()
        return json.loads(self.line() if line == "live" else line)

    def good_result(self, needs_answers=True):
        """The same, when not one request failed."""
        counts = self.result()
        failed = counts["refused"] + counts["unanswered"] + counts["cut"]
        require(failed == 0 and (counts["answered"] or not needs_answers),
                f"{counts['answered']} requests were answered, but {counts['refused']} refused "
                f"(the last with status {counts['last_status']}), {counts['unanswered']} not "
                f"answered and {counts['cut']} cut")
        return counts
