"""Engines that are slow, and engines that are stuck, while they run."""

import os
import shlex
import signal
import threading

import pytest

from fake import words
from service import TINY_GGUF
from test_continue import HELLO, continued, data_of
from test_status import status_of
from waiting import eventually

IMPATIENT = {"canaryInterval": 0.1, "stuckAfter": 1}


def healthy(corral, model):
    eventually(lambda: status_of(corral, model)["health"] == "healthy", "it is found healthy")


def in_background(work):
    """Runs work() in a thread; what it returned is in the list as soon as it has."""
    results = []
    thread = threading.Thread(target=lambda: results.append(work()), daemon=True)
    thread.start()
    return results, thread


def test_a_ready_engine_is_found_healthy_and_its_memory_is_told(start_fake):
    corral = start_fake({"canaryInterval": 0.1})
    corral.chat("fake")
    healthy(corral, "fake")
    assert status_of(corral, "fake")["memory_bytes"] > 100_000


def test_an_engine_that_answers_late_is_degraded_and_serves_on(start_fake):
    corral = start_fake({"canaryInterval": 0.1, "degradedAbove": 0.05}, slow_get=150)
    corral.chat("fake")
    eventually(lambda: status_of(corral, "fake")["health"] == "degraded", "it is found degraded")
    assert corral.chat("fake") == words(5)
    assert status_of(corral, "fake")["restarts"] == 0


def test_a_request_that_meets_a_stuck_engine_is_answered_by_the_next(start_fake):
    # Its health endpoint goes on to answer, and it is deaf to SIGTERM.
    corral = start_fake(IMPATIENT, stuck_after=2, ignore_sigterm=True)
    assert corral.chat("fake") == words(5)
    assert corral.chat("fake") == words(5)
    status = status_of(corral, "fake")
    assert status["state"] == "ready" and status["restarts"] == 1
    assert status["stop_reason"] == "crash"
    assert status["last_error"]["code"] == "stuck" == status["last_exit"]["cause"]
    assert "although 1 request waited" in status["last_error"]["message"]
    assert "stuckAfter" in status["last_error"]["hint"]


def test_a_stream_whose_engine_is_stopped_goes_on_with_the_next(start_fake):
    corral = start_fake(IMPATIENT, events=40, rate=20)
    corral.chat("fake", max_tokens=1)
    chunks, thread = in_background(lambda: data_of(
        corral, "/v1/chat/completions", {"model": "fake", "messages": HELLO}))
    eventually(lambda: corral.stats("fake")["begun"] >= 2, "the stream runs")
    os.kill(status_of(corral, "fake")["pid"], signal.SIGSTOP)
    thread.join(60)
    assert chunks and chunks[0][-1] == "[DONE]"
    assert continued(corral) == 1
    assert status_of(corral, "fake")["last_error"]["code"] == "stuck"


@pytest.mark.needs_engine
def test_an_idle_worker_that_is_stopped_is_replaced_for_the_next_request(start):
    corral = start({"models": {"tiny": {"gguf": TINY_GGUF, **IMPATIENT}}})
    text = corral.chat("tiny")
    healthy(corral, "tiny")
    first = status_of(corral, "tiny")["pid"]
    os.kill(first, signal.SIGSTOP)
    eventually(lambda: status_of(corral, "tiny")["state"] == "failed", "it is found stuck")
    assert corral.chat("tiny") == text
    assert status_of(corral, "tiny")["pid"] != first


def test_an_engine_that_nobody_shall_watch_is_left_alone(start_fake):
    corral = start_fake({**IMPATIENT, "canary": "off"}, events=10, rate=4)
    assert corral.chat("fake") == words(10)
    status = status_of(corral, "fake")
    assert status["health"] == "unknown" and status["restarts"] == 0


def test_an_engine_that_computes_for_longer_than_the_limit_is_busy_and_not_stuck(start_fake):
    corral = start_fake(IMPATIENT, burn=3000)
    assert corral.chat("fake") == words(5)
    assert status_of(corral, "fake")["restarts"] == 0


def test_a_command_may_be_asked_for_a_token_before_it_counts_as_ready(start_fake):
    corral = start_fake({"readyCheck": "token"})
    corral.chat("fake")
    assert corral.stats("fake")["begun"] == 2  # that token, and ours


def test_a_start_may_take_as_long_as_it_makes_progress(start, fake):
    compute = "end=$((SECONDS + 2)); while [ $SECONDS -lt $end ]; do :; done"
    script = f"{compute}; exec {fake.command()}"
    corral = start({"models": {"fake": {
        "cmd": "bash -c " + shlex.quote(script), "startupTimeout": 0.5}}})
    assert corral.chat("fake") == words(5)
