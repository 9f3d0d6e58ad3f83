"""What an engine may use: the config's `limits`, looked at where the kernel shows them."""

import os

import pytest

from fake import words
from service import TINY_GGUF
from test_status import status_of

LIMITS = {"memory": "2GiB", "openFiles": 123, "nice": 3}


def limit_of(pid, name):
    """Soft and hard, as /proc/PID/limits has them."""
    with open(f"/proc/{pid}/limits") as file:
        line = next(line for line in file if line.startswith(name))
    return line[len(name):].split()[:2]


def nice_of(pid):
    return os.getpriority(os.PRIO_PROCESS, pid)


@pytest.fixture(autouse=True)
def no_sanitizer(sanitized):
    if sanitized:
        pytest.skip("a sanitizer takes more memory than the limits leave")


def assert_limited(corral, model):
    status = status_of(corral, model)
    pid = status["pid"]
    assert limit_of(pid, "Max data size") == [str(2 << 30)] * 2
    assert limit_of(pid, "Max open files") == ["123", "123"]
    assert nice_of(pid) == nice_of(corral.pid) + 3
    for part in ("memory 2048 MiB", "123 open files", "nice"):
        assert part in status["limits"]
    # Corral itself goes on without any.
    assert limit_of(corral.pid, "Max data size")[0] == "unlimited"
    assert limit_of(corral.pid, "Max open files")[0] != "123"


def test_a_command_runs_under_its_limits(start_fake):
    corral = start_fake({"limits": LIMITS})
    assert corral.chat("fake") == words(5)
    assert_limited(corral, "fake")


@pytest.mark.needs_engine
def test_a_worker_runs_under_its_limits(start):
    corral = start({"models": {"tiny": {"gguf": TINY_GGUF, "limits": LIMITS}}})
    assert corral.chat("tiny")
    assert_limited(corral, "tiny")


def test_an_engine_that_exceeds_its_memory_ends_alone_and_is_told_why(start, fake):
    corral = start({"models": {
        "greedy": fake.model({"limits": {"memory": "300MiB"}}, eat_mib=500),
        "modest": fake.model({"limits": {"memory": "300MiB"}}, eat_mib=5),
    }})
    corral.http.post("/v1/chat/completions", json={
        "model": "greedy", "messages": [{"role": "user", "content": "Hello"}]})
    error = status_of(corral, "greedy")["last_error"]
    assert error["code"] == "out_of_memory"
    assert "300 MiB" in error["message"] and "limits" in error["hint"]
    assert corral.chat("modest") == words(5)
    assert corral.process.poll() is None
