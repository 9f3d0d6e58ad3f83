"""Ports that another program has, or takes while an engine starts: it is never taken for the engine."""

import http.server
import os
import threading

import pytest

from fake import words
from service import free_ports
from test_status import status_of
from waiting import eventually

HELLO = {"model": "m", "messages": [{"role": "user", "content": "Hello"}]}


class Answer(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"ok")

    do_POST = do_GET

    def log_message(self, *_):
        pass


@pytest.fixture
def stranger():
    """stranger(port) answers everything there with 200, from this process."""
    servers = []

    def listen(port):
        servers.append(http.server.ThreadingHTTPServer(("127.0.0.1", port), Answer))
        threading.Thread(target=servers[-1].serve_forever, daemon=True).start()

    yield listen
    for server in servers:
        server.shutdown()
        server.server_close()


def error_of(corral):
    return status_of(corral, "m")["last_error"]


def test_a_port_that_another_program_has_is_refused_with_its_name(start, stranger):
    port = free_ports(1)
    stranger(port)
    corral = start({"models": {"m": {"cmd": "sleep 60", "proxy": f"http://127.0.0.1:{port}"}}})
    reply = corral.http.post("/v1/chat/completions", json=HELLO)
    assert reply.status_code >= 500
    assert error_of(corral)["code"] == "port_taken"
    assert f"(pid {os.getpid()})" in error_of(corral)["message"]


def test_a_program_that_takes_the_port_late_is_not_taken_for_the_engine(start, stranger):
    port = free_ports(1)
    corral = start({"models": {"m": {"cmd": "sleep 60", "proxy": f"http://127.0.0.1:{port}"}}})
    replies = []
    asking = threading.Thread(
        target=lambda: replies.append(corral.http.post("/v1/chat/completions", json=HELLO)))
    asking.start()
    eventually(lambda: status_of(corral, "m")["state"] == "starting", "the engine starts", 10)
    stranger(port)
    asking.join()
    assert replies[0].status_code >= 500
    eventually(lambda: error_of(corral), "the failure is told", 10)
    assert error_of(corral)["code"] in ("foreign_listener", "port_taken")
    assert f"(pid {os.getpid()})" in error_of(corral)["message"]


def test_a_port_that_corral_chose_and_another_program_has_is_replaced(start, fake, stranger):
    first = free_ports(3)
    models = {name: fake.model() for name in ("m", "n")}
    stranger(first)
    corral = start({"startPort": first, "models": models})
    assert corral.chat("m") == words(5)
    moved = corral.running()["m"]
    assert moved["proxy"].endswith(f":{first + 2}") and f"--port {first + 2}" in moved["cmd"]
    # Nobody else's port has changed by that.
    assert corral.chat("n") == words(5)
    assert corral.running()["n"]["proxy"].endswith(f":{first + 1}")
    assert f"m: port {first} is taken by another program, so it gets {first + 2}" in corral.stderr()
    # It keeps the new one, also when its options are set.
    assert corral.home.command("set", "m", "canaryInterval=30", "--url", corral.url).returncode == 0
    assert corral.chat("m") == words(5)
    assert corral.stderr().count("so it gets") == 1
