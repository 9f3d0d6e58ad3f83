"""What the machine lacks: each lack is a wait or a clear error, and the service goes on."""

import json
import os
import shutil
import subprocess

import pytest

import processes
from fake import words
from raw import request
from service import TINY_GGUF
from waiting import eventually

HELLO = [{"role": "user", "content": "Hello"}]
LARGE = "a" * 3_000_000


def needs(program):
    if shutil.which(program) is None:
        pytest.skip(f"this machine has no {program}")


# Descriptors

FEW = ("prlimit", "--nofile=64:64")


def open_descriptors(corral):
    return len(os.listdir(f"/proc/{corral.pid}/fd"))


@pytest.fixture
def few(start, fake):
    needs("prlimit")
    return start({"models": {"a": fake.model(), "b": fake.model(events=3)}}, under=FEW)


def test_more_connections_than_descriptors_wait_and_all_are_served(few):
    connections = [few.raw() for _ in range(100)]
    for connection in connections:
        connection.send(request("/health", b"", method="GET"))
    for connection in connections:
        assert connection.reply().status == 200
        connection.socket.close()
    assert few.chat("a") == words(5)


def test_idle_connections_leave_an_engine_its_descriptors(few):
    idle = [few.raw() for _ in range(100)]
    idle[0].send(request("/v1/chat/completions", {"model": "a", "messages": HELLO}))
    assert idle[0].reply().status == 200
    for connection in idle:
        connection.socket.close()
    assert few.chat("b") == words(3)


def test_large_requests_of_all_who_fit_in_are_served(few):
    body = {"messages": [{"role": "user", "content": LARGE}], "model": "a"}
    connections = [few.raw() for _ in range(30)]
    for connection in connections:
        connection.send(request("/v1/chat/completions", body))
    for connection in connections:
        assert connection.reply().status == 200
        connection.socket.close()
    few.close_clients()
    eventually(lambda: open_descriptors(few) < 30, "the descriptors are given back")
