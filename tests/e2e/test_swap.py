"""One model at a time: who asks for another one gets it, and nobody is cut off."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from fake import words
from service import TINY_GGUF
from waiting import eventually


@pytest.mark.needs_engine
def test_a_request_for_another_model_swaps_and_back(start):
    corral = start({"models": {"a": {"gguf": TINY_GGUF}, "b": {"gguf": TINY_GGUF}}})
    pids = []
    for model in ("a", "b", "a"):
        assert corral.chat(model, "What is 3 + 4?") == "3 + 4 = 7."
        running = corral.running()
        assert list(running) == [model]
        pids.append(running[model]["pid"])
    assert len(set(pids)) == 3
    assert len(corral.home.processes()) == 2


def test_two_clients_that_wait_for_one_swap_are_served_by_one_start(start, fake):
    corral = start({"models": {
        "a": fake.model(),
        "b": fake.model(load_ms=300, state="starts")}})
    corral.chat("a")
    with ThreadPoolExecutor(2) as pool:
        answers = list(pool.map(lambda _: corral.chat("b"), range(2)))
    assert answers == [words(5)] * 2
    assert corral.stats("b")["starts"] == 1


def test_a_swap_waits_until_the_running_stream_has_ended(start, fake):
    corral = start({"models": {"a": fake.model(rate=10, events=10), "b": fake.model()}})
    stream = corral.openai().chat.completions.create(
        model="a", messages=[{"role": "user", "content": "Hello"}], stream=True)
    pieces = iter(stream)
    text = ""
    while not text:
        text += next(pieces).choices[0].delta.content or ""
    with ThreadPoolExecutor(1) as pool:
        other = pool.submit(corral.chat, "b")
        eventually(lambda: "a" in corral.running(), "the other model waits")
        text += "".join(c.choices[0].delta.content or "" for c in pieces if c.choices)
        assert text == words(10)
        assert other.result() == words(5)
    assert list(corral.running()) == ["b"]


def test_clients_of_two_models_are_all_served(start, fake):
    corral = start({"models": {"a": fake.model(), "b": fake.model(events=3)}})
    wanted = ["a", "b"] * 6
    with ThreadPoolExecutor(len(wanted)) as pool:
        answers = list(pool.map(corral.chat, wanted))
    assert answers == [words(5), words(3)] * 6
