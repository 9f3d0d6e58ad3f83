"""Engines that die: before the first byte the client does not notice, after it he is told."""

import os
import shlex
import signal
import sys
from concurrent.futures import ThreadPoolExecutor

import anthropic
import openai
import pytest

from fake import words
from service import TINY_GGUF, free_ports
from waiting import eventually

HELLO = [{"role": "user", "content": "Hello"}]


@pytest.mark.needs_engine
def test_a_worker_killed_before_its_reply_is_replaced_and_the_request_replayed(start):
    corral = start({"models": {"tiny": {"gguf": TINY_GGUF}}})
    corral.chat("tiny")
    pid = corral.running()["tiny"]["pid"]
    os.kill(pid, signal.SIGSTOP)
    with ThreadPoolExecutor(1) as pool:
        answer = pool.submit(corral.chat, "tiny", "What is 3 + 4?")
        eventually(lambda: corral.running().get("tiny", {}).get("in_flight") == 1, "the request is sent")
        os.kill(pid, signal.SIGKILL)
        assert answer.result() == "3 + 4 = 7."
    assert corral.running()["tiny"]["pid"] != pid
    assert corral.metric("corral_requests_replayed_total", model="tiny") == 1


@pytest.mark.needs_engine
def test_a_worker_killed_in_a_stream_that_cannot_go_on_ends_it_with_an_error(start):
    corral = start({"models": {"tiny": {"gguf": TINY_GGUF, "args": ["--context-shift"]}}})
    stream = corral.openai().chat.completions.create(
        model="tiny", messages=HELLO, stream=True, max_tokens=2_000_000, logprobs=True,
        extra_body={"ignore_eos": True})
    chunks = iter(stream)
    while not next(chunks).choices[0].delta.content:
        pass
    os.kill(corral.running()["tiny"]["pid"], signal.SIGKILL)
    with pytest.raises(openai.APIError, match="tiny"):
        for _ in chunks:
            pass
    assert corral.chat("tiny", "What is 3 + 4?") == "3 + 4 = 7."


def test_a_crash_before_the_first_byte_is_replayed_once(start_fake):
    corral = start_fake(crash_on_request=1, crash_once="crashed", state="starts")
    assert corral.chat("fake") == words(5)
    assert corral.stats("fake")["starts"] == 2


def test_a_crash_before_the_first_byte_of_a_stream_is_replayed(start_fake):
    corral = start_fake(crash_on_request=1, crash_once="crashed")
    stream = corral.openai().chat.completions.create(model="fake", messages=HELLO, stream=True)
    assert "".join(c.choices[0].delta.content or "" for c in stream if c.choices) == words(5)


def test_a_request_that_always_kills_its_engine_is_not_replayed_for_ever(start_fake):
    corral = start_fake(crash_on_request=1, state="starts")
    reply = corral.http.post("/v1/chat/completions", json={"model": "fake", "messages": HELLO})
    assert reply.status_code in (502, 503)
    assert "fake" in reply.json()["error"]["message"]
    assert os.path.getsize(corral.home.path("starts")) == 2


def test_a_start_that_takes_too_long_is_told_at_once_with_what_to_look_at(start, fake):
    port = free_ports(1)
    corral = start({"models": {"deaf": {"cmd": "sleep 100", "startupTimeout": 1,
                                        "proxy": f"http://127.0.0.1:{port}"}}})
    reply = corral.http.post("/v1/chat/completions", json={"model": "deaf", "messages": HELLO})
    assert reply.status_code == 504
    assert "nothing listens at its address" in reply.json()["error"]["message"]
    assert corral.metric("corral_engine_failures_total", model="deaf") == 1


def test_an_engine_that_runs_and_does_not_listen_is_not_said_to_have_ended(start):
    port = free_ports(1)
    corral = start({"models": {"deaf": {"cmd": "sleep 100", "checkEndpoint": "none",
                                        "proxy": f"http://127.0.0.1:{port}"}}})
    reply = corral.http.post("/v1/chat/completions", json={"model": "deaf", "messages": HELLO})
    assert reply.status_code == 502
    message = reply.json()["error"]["message"]
    assert "runs" in message and "`proxy`" in message and "ended" not in message


def test_a_refusal_of_the_breaker_says_once_when_to_come_again(start_fake):
    corral = start_fake(fail_start="broken")
    for _ in range(5):
        reply = corral.http.post("/v1/chat/completions", json={"model": "fake", "messages": HELLO})
        if "times in a row" in reply.json()["error"]["message"]:
            break
    assert reply.status_code == 503
    times = reply.headers.get_list("retry-after")
    assert len(times) == 1 and int(times[0]) > 1


def test_a_kept_engine_that_was_killed_comes_back_though_nobody_waits_for_it(start_fake):
    corral = start_fake({"keep": True})
    corral.chat("fake")
    pid = corral.running()["fake"]["pid"]
    os.kill(pid, signal.SIGKILL)
    eventually(lambda: corral.running().get("fake", {}).get("pid") not in (None, 0, pid)
               and corral.running()["fake"]["state"] == "ready", "it comes back")
    assert corral.chat("fake") == words(5)


# A stream goes on three times at most, so one of nine words needs an engine too many.
TOO_OFTEN = {"events": 9, "crash_after_chunks": 2}


def test_an_openai_stream_whose_engines_die_again_and_again_ends_with_an_error_event(start_fake):
    corral = start_fake(**TOO_OFTEN)
    stream = corral.openai().chat.completions.create(model="fake", messages=HELLO, stream=True)
    text = ""
    with pytest.raises(openai.APIError, match="again and again"):
        for chunk in stream:
            text += chunk.choices[0].delta.content or ""
    assert text == words(8)
    assert corral.metric("corral_streams_continued_total", model="fake") == 3
    assert corral.metric("corral_replies_cut_total", model="fake") == 1


def test_an_anthropic_stream_whose_engines_die_again_and_again_ends_with_an_error_event(start_fake):
    corral = start_fake(**TOO_OFTEN)
    text = ""
    with pytest.raises(anthropic.APIError, match="again and again"):
        with corral.anthropic().messages.stream(
                model="fake", messages=HELLO, max_tokens=50) as stream:
            for piece in stream.text_stream:
                text += piece
    assert text == words(8)


def test_the_stream_of_crashed_engines_is_well_formed(start_fake):
    corral = start_fake(**TOO_OFTEN)
    with corral.http.stream("POST", "/v1/chat/completions",
                            json={"model": "fake", "messages": HELLO, "stream": True}) as reply:
        lines = [line for line in reply.iter_lines() if line]
    assert lines[-1].startswith('data: {"error":')


def test_a_crash_in_a_plain_reply_is_replayed_once(start_fake):
    corral = start_fake(crash_after_chunks=2, crash_once="crashed")
    assert corral.chat("fake") == words(5)
    assert corral.metric("corral_requests_replayed_total", model="fake") == 1


def test_crashes_in_a_plain_reply_are_an_error_and_no_answer(start_fake):
    corral = start_fake(crash_after_chunks=2, state="starts")
    with pytest.raises(openai.InternalServerError, match="again and again") as raised:
        corral.openai().chat.completions.create(model="fake", messages=HELLO)
    assert raised.value.status_code == 502
    assert os.path.getsize(corral.home.path("starts")) == 2


def test_a_plain_reply_too_large_to_be_held_breaks_off(start_fake):
    corral = start_fake(events=60_000, crash_after_chunks=2)
    with pytest.raises(openai.APIConnectionError):
        corral.openai().chat.completions.create(model="fake", messages=HELLO)
    assert corral.metric("corral_replies_cut_total", model="fake") == 1


def test_an_engine_that_dies_idle_is_started_again_by_the_next_request(start_fake):
    corral = start_fake()
    corral.chat("fake")
    os.kill(corral.stats("fake")["pid"], signal.SIGKILL)
    assert corral.chat("fake") == words(5)


def start_scripted(start, home, reply):
    file = home.path("reply")
    with open(file, "wb") as out:
        out.write(reply)
    program = os.path.join(os.path.dirname(__file__), "scripted_engine.py")
    words = [sys.executable, program, "--reply", file, "--port"]
    return start({"models": {"scripted": {"cmd": shlex.join(words) + " ${PORT}"}}})


@pytest.mark.parametrize("missing", [1, 100, 100_000])
def test_an_event_stream_of_a_known_length_that_breaks_off_ends_with_an_error(start, home, missing):
    event = b'data: {"choices": [{"index": 0, "delta": {"content": "hi"}}]}\n\n'
    head = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nContent-Length: %d\r\n\r\n"
    corral = start_scripted(start, home, head % (len(event) + missing) + event)
    for _ in range(2):
        stream = corral.openai().chat.completions.create(
            model="scripted", messages=HELLO, stream=True)
        with pytest.raises(openai.APIError, match="in the middle of this reply"):
            for chunk in stream:
                assert chunk.choices[0].delta.content == "hi"


def test_head_tells_the_length_that_the_engine_tells(start, home):
    corral = start_scripted(start, home, b"")
    with corral.raw() as raw:
        raw.send(b"HEAD /upstream/scripted/page HTTP/1.1\r\nHost: localhost\r\n\r\n")
        assert raw.reply(to_head=True).headers["content-length"] == "12345"
