"""A client that leaves frees its place in the engine at once."""

import threading

import pytest

import processes
from raw import request
from service import TINY_GGUF
from waiting import eventually

ENDLESS = {"model": "tiny",
           "messages": [{"role": "user", "content": "Tell me a story about a dog"}],
           "max_tokens": 2_000_000, "ignore_eos": True}


@pytest.fixture
def endless(start):
    """A real model that can write for minutes: what no longer fits its context is forgotten."""
    return start({"models": {"tiny": {"gguf": TINY_GGUF, "args": ["--context-shift"]}}})


def left_behind(corral, body):
    """Sends a request and leaves when the engine works on it."""
    connection = corral.raw()
    connection.send(request("/v1/chat/completions", body))
    return connection


@pytest.mark.needs_engine
def test_leaving_a_stream_frees_its_slot_within_a_second(endless):
    endless.chat("tiny")
    with endless.http.stream("POST", "/v1/chat/completions",
                             json={**ENDLESS, "stream": True}) as reply:
        lines = reply.iter_lines()
        for _ in range(20):
            next(lines)
        assert len(endless.busy_slots("tiny")) == 1
    eventually(lambda: not endless.busy_slots("tiny"), "the slot is free", within=1)
    assert "in_flight" in endless.running()["tiny"]
    eventually(lambda: endless.running()["tiny"]["in_flight"] == 0, "no request is in flight")


@pytest.mark.needs_engine
def test_leaving_a_plain_request_frees_its_slot(endless):
    endless.chat("tiny")
    connection = left_behind(endless, ENDLESS)
    eventually(lambda: endless.busy_slots("tiny"), "the engine works")
    connection.socket.close()
    # The engine itself looks for its client only after a second in which nobody asks it anything.
    eventually(lambda: not endless.busy_slots("tiny"), "the slot is free", within=5, every=1.5)


def test_leaving_while_the_model_loads_gives_the_place_back(start_fake):
    corral = start_fake(load_ms=1000)
    connection = left_behind(corral, {**ENDLESS, "model": "fake"})
    eventually(lambda: corral.running().get("fake", {}).get("waiting") == 1, "the request waits")
    connection.socket.close()
    eventually(lambda: corral.running().get("fake", {}).get("waiting", 0) == 0, "it is forgotten",
               within=1)


def test_leaving_an_engine_that_never_answers_gives_the_place_back(start_fake):
    corral = start_fake({"checkEndpoint": "none"}, hang=True)
    connection = left_behind(corral, {**ENDLESS, "model": "fake"})
    eventually(lambda: corral.running().get("fake", {}).get("in_flight") == 1, "the engine hangs")
    connection.socket.close()
    eventually(lambda: corral.running()["fake"]["in_flight"] == 0, "the place is free", within=1)


def test_leaving_after_a_large_request_gives_the_place_back(start_fake):
    corral = start_fake(rate=1, events=1000)
    connection = left_behind(corral, {**ENDLESS, "model": "fake", "image": "a" * 3_000_000})
    eventually(lambda: corral.running().get("fake", {}).get("in_flight") == 1, "the engine works")
    eventually(lambda: corral.stats("fake")["active"] == 1, "the engine works")
    connection.socket.close()
    eventually(lambda: corral.running()["fake"]["in_flight"] == 0, "the place is free", within=1)


def test_leaving_in_the_middle_of_a_large_request_gives_the_place_back(start_fake):
    corral = start_fake()
    corral.chat("fake")  # so that the next request need not wait
    data = request("/v1/chat/completions", {**ENDLESS, "model": "fake", "image": "a" * 5_000_000})
    with corral.raw() as connection:
        connection.send(data[:-1_000_000])
        eventually(lambda: corral.running().get("fake", {}).get("in_flight") == 1,
                   "the engine waits for the rest")
    eventually(lambda: corral.running()["fake"]["in_flight"] == 0, "the place is free", within=1)
    eventually(lambda: corral.stats("fake")["cancelled"] == 1, "the engine is told", within=1)


def test_leaving_with_a_large_request_that_waits_gives_the_place_back(start_fake):
    corral = start_fake(load_ms=60_000)
    connection = left_behind(corral, {**ENDLESS, "model": "fake", "image": "a" * 1_500_000})
    eventually(lambda: corral.running().get("fake", {}).get("waiting") == 1, "the request waits")
    connection.socket.close()
    eventually(lambda: corral.running().get("fake", {}).get("waiting", 0) == 0, "it is forgotten",
               within=2)


def test_the_engine_hears_that_its_client_left(start_fake):
    corral = start_fake(rate=5, events=1000)
    with corral.http.stream("POST", "/v1/chat/completions",
                            json={**ENDLESS, "model": "fake", "stream": True}) as reply:
        next(reply.iter_lines())
    eventually(lambda: corral.stats("fake")["cancelled"] == 1, "the engine is told", within=1)


def test_a_reader_that_stops_reading_slows_its_engine_and_nobody_else(start_fake, sanitized):
    corral = start_fake(events=200_000)
    corral.http.post("/v1/embeddings", json={"model": "fake", "input": "x"})
    eventually(lambda: corral.stats("fake")["finished"] == 1, "the engine has counted it")
    memory = processes.memory_kib(corral.pid, "VmHWM")
    body = {**ENDLESS, "model": "fake", "stream": True}
    connection = left_behind(corral, body)
    with connection:
        eventually(lambda: corral.stats("fake")["active"] == 1, "the stream runs")
        before = corral.stats("fake")["finished"]
        finished = threading.Event()

        def short():
            corral.http.post("/v1/embeddings", json={"model": "fake", "input": "x"})
            finished.set()

        threading.Thread(target=short).start()
        eventually(finished.is_set, "another request is served meanwhile")
        assert corral.stats("fake")["finished"] == before + 1
        assert corral.stats("fake")["active"] == 1
    growth = processes.memory_kib(corral.pid, "VmHWM") - memory
    assert growth < (50_000 if sanitized else 4_000), f"{growth} KiB more at the peak"
