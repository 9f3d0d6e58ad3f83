"""Corral between clients and an engine that are both this program, so that all three go in step.

The model's process only sleeps; its requests come to a listener of ours. Nothing here depends on
who is faster: where several messages shall meet corral at once, it is stopped while they are sent.
"""

import contextlib
import io
import os
import shlex
import signal
import socket
import sys

from processes import state
from raw import request
from service import Corral, Home
from waiting import SCALE, eventually

LIMIT = 60 * SCALE  # seconds that a message may take, under valgrind

# What a client library sends, and what llama-server answers to a short question.
REQUEST = request("/v1/chat/completions", {
    "model": "m", "messages": [{"role": "user", "content": "What is the capital of France?"}],
    "temperature": 0,
}, headers=["Accept: application/json", "Content-Type: application/json",
            "User-Agent: OpenAI/Python 1.0.0", "Authorization: Bearer none"])
STREAM_REQUEST = request("/v1/chat/completions", {
    "model": "m", "messages": [{"role": "user", "content": "What is the capital of France?"}],
    "stream": True, "stream_options": {"include_usage": True}},
    headers=["Content-Type: application/json"])
REPLY_BODY = (
    b'{"choices":[{"finish_reason":"stop","index":0,"message":{"role":"assistant","content":"The ca'
    b'pital of France is Paris."}}],"created":1700000000,"model":"m","system_fingerprint":"b1-00000'
    b'00","object":"chat.completion","usage":{"completion_tokens":16,"prompt_tokens":24,"total_toke'
    b'ns":40,"prompt_tokens_details":{"cached_tokens":23}},"id":"chatcmpl-8ZrVdV0mY1hW5cWk2q7cB3pXo'
    b'9tLxJ6e","timings":{"cache_n":23,"prompt_n":1,"prompt_ms":4.1,"prompt_per_second":243.9,"pred'
    b'icted_n":16,"predicted_ms":9.8,"predicted_per_second":1632.6}}')
REPLY = (b"HTTP/1.1 200 OK\r\nServer: llama.cpp\r\nContent-Type: application/json; charset=utf-8\r\n"
         b"Content-Length: %d\r\n\r\n" % len(REPLY_BODY)) + REPLY_BODY
STREAM_HEAD = (b"HTTP/1.1 200 OK\r\nServer: llama.cpp\r\nContent-Type: text/event-stream\r\n"
               b"Transfer-Encoding: chunked\r\n\r\n")
EVENT = (b'data: {"choices":[{"finish_reason":null,"index":0,"delta":{"content":" word"}}],"created"'
         b':1700000000,"id":"chatcmpl-8ZrVdV0mY1hW5cWk2q7cB3pXo9tLxJ6e","model":"m","object":"chat.c'
         b'ompletion.chunk"}\n\n')
EVENT_CHUNK = b"%x\r\n%s\r\n" % (len(EVENT), EVENT)


def take(connection, end):
    """Reads what comes, up to the bytes that the message ends with."""
    data = b""
    while not data.endswith(end):
        more = connection.recv(65536)
        if not more:
            raise EOFError(f"the connection ended after {data[-200:]!r}")
        data += more
    return data


class Lockstep(contextlib.AbstractContextManager):
    def __init__(self, binary, connections, under=(), log_level="info"):
        """`under` is a command that runs corral in its own place, as valgrind does."""
        with contextlib.ExitStack() as ending:
            self.home = Home(binary)
            ending.callback(self.home.remove)
            self.listener = ending.enter_context(
                socket.create_server(("127.0.0.1", 0), backlog=connections))
            self.listener.settimeout(LIMIT)
            port = self.listener.getsockname()[1]
            sleeper = shlex.join([sys.executable, "-c", "import time; time.sleep(3600)"])
            self.corral = Corral(self.home, {"logLevel": log_level, "models": {"m": {
                "cmd": sleeper, "proxy": f"http://127.0.0.1:{port}", "checkEndpoint": "none",
                "canaryInterval": 3600}}},
                under=under)
            ending.callback(self._stop)
            self.pid = self.corral.pid
            self.clients = [
                ending.enter_context(
                    socket.create_connection(("127.0.0.1", self.corral.port), LIMIT))
                for _ in range(connections)]
            self.engine = []  # our ends of corral's connections to the engine
            self._ending = ending.pop_all()

    def __exit__(self, *_):
        self.forget_engine()
        self._ending.close()

    def _stop(self):
        with contextlib.redirect_stdout(io.StringIO()):  # corral's log
            self.corral.stop()

    def settle(self):
        """Waits until the first look at the new engine's processes is over; the next is in an hour."""
        def looked_at():
            return self.corral.http.get("/api/status").json()["models"][0]["memory_bytes"]

        eventually(looked_at, "the engine's memory is known", within=30)

    def forget_engine(self):
        """Corral has to connect anew."""
        for connection in self.engine:
            connection.close()
        self.engine.clear()

    def _accept(self):
        connection, _ = self.listener.accept()
        connection.settimeout(LIMIT)
        self.engine.append(connection)

    def _at_once(self, connections, message):
        """Corral finds all of these messages when it looks."""
        if len(connections) > 1:
            os.kill(self.pid, signal.SIGSTOP)
            eventually(lambda: state(self.pid) in "Tt", "corral stops", every=0.001)
        for connection in connections:
            connection.sendall(message)
        if len(connections) > 1:
            os.kill(self.pid, signal.SIGCONT)

    def round(self):
        """Each client asks once, and all are answered."""
        self._at_once(self.clients, REQUEST)
        while len(self.engine) < len(self.clients):
            self._accept()
        for connection in self.engine:
            take(connection, b"}")
        self._at_once(self.engine, REPLY)
        for client in self.clients:
            reply = take(client, b"}}")
            assert reply.startswith(b"HTTP/1.1 200 "), reply
            assert reply.endswith(REPLY_BODY), reply

    def warm_up(self, rounds):
        """The engine runs, has been looked at, and has had so many rounds since."""
        self.round()
        self.settle()
        self.forget_engine()  # corral does not keep a connection that was idle for so long
        for _ in range(rounds):
            self.round()

    def begin_stream(self):
        """The first client asks for a stream and gets one event of it."""
        self.clients[0].sendall(STREAM_REQUEST)
        if not self.engine:
            self._accept()
        take(self.engine[0], b"}")
        self.engine[0].sendall(STREAM_HEAD + EVENT_CHUNK)
        take(self.clients[0], b"\n\n\r\n")

    def event(self):
        """One more event goes from the engine to the client."""
        self.engine[0].sendall(EVENT_CHUNK)
        data = take(self.clients[0], b"\n\n\r\n")
        assert b" word" in data, data
