"""Starting engines: slow ones, broken ones, and the routes that load and unload."""

import json
from concurrent.futures import ThreadPoolExecutor

import anthropic
import openai
import pytest

from fake import words
from waiting import SCALE, eventually

HELLO = [{"role": "user", "content": "Hello"}]
SLOW = 2600  # milliseconds; a streaming client hears the first keep-alive after 2 s


def test_a_streaming_client_gets_comments_while_the_model_loads(start_fake):
    corral = start_fake(load_ms=SLOW)
    with corral.http.stream("POST", "/v1/chat/completions",
                            json={"model": "fake", "messages": HELLO, "stream": True}) as reply:
        assert reply.headers["Content-Type"] == "text/event-stream"
        lines = [line for line in reply.iter_lines() if line]
    assert lines[0].startswith(":")
    assert lines[-1] == "data: [DONE]"


def test_the_openai_client_passes_over_the_comments(start_fake):
    corral = start_fake(load_ms=SLOW)
    stream = corral.openai().chat.completions.create(model="fake", messages=HELLO, stream=True)
    assert "".join(c.choices[0].delta.content or "" for c in stream if c.choices) == words(5)


def test_the_anthropic_client_passes_over_the_comments(start_fake):
    corral = start_fake(load_ms=SLOW)
    with corral.anthropic().messages.stream(model="fake", messages=HELLO, max_tokens=50) as stream:
        assert "".join(stream.text_stream) == words(5)


def test_an_engine_that_dies_while_an_openai_client_waits_is_an_error_event(start_fake):
    corral = start_fake(load_ms=60_000, exit_after_ms=SLOW)
    stream = corral.openai().chat.completions.create(model="fake", messages=HELLO, stream=True)
    with pytest.raises(openai.APIError, match="fake"):
        list(stream)


def test_an_engine_that_dies_while_an_anthropic_client_waits_is_an_error_event(start_fake):
    corral = start_fake(load_ms=60_000, exit_after_ms=SLOW)
    with pytest.raises(anthropic.APIError, match="fake"):
        with corral.anthropic().messages.stream(
                model="fake", messages=HELLO, max_tokens=50) as stream:
            list(stream.text_stream)


def test_a_failed_start_tells_the_engine_s_own_words_and_not_its_command(start, fake):
    command = "sh -c 'echo the disk is on fire >&2; exit 1' sh --api-key secret-word ${PORT}"
    corral = start({"models": {"fake": {"cmd": command}}})
    reply = corral.http.post("/v1/chat/completions", json={"model": "fake", "messages": HELLO})
    assert reply.status_code >= 500
    assert "the disk is on fire" in reply.json()["error"]["message"]
    assert "secret-word" not in reply.text


def test_a_failed_start_is_told_in_the_anthropic_dialect(start_fake):
    corral = start_fake(fail_start="no more room")
    with pytest.raises(anthropic.APIStatusError, match="no more room") as caught:
        corral.anthropic().messages.create(model="fake", messages=HELLO, max_tokens=50)
    assert caught.value.status_code >= 500
    assert caught.value.body["type"] == "error"


def test_a_command_that_does_not_exist_is_named(start):
    corral = start({"models": {"fake": {"cmd": "/no/such/program --port ${PORT}"}}})
    reply = corral.http.post("/v1/chat/completions", json={"model": "fake", "messages": HELLO})
    assert reply.status_code >= 500
    assert "/no/such/program" in reply.json()["error"]["message"]


@pytest.mark.needs_engine
def test_a_file_that_is_no_model_is_a_clear_error(start, home):
    with open(home.path("broken.gguf"), "w") as file:
        file.write("this is not a model")
    corral = start({"models": {"broken": {"gguf": "broken.gguf"}}})
    reply = corral.http.post("/v1/chat/completions", json={"model": "broken", "messages": HELLO})
    assert reply.status_code >= 500
    assert "no GGUF file" in reply.json()["error"]["message"]


def test_an_engine_that_floods_stderr_starts_and_answers(start_fake):
    corral = start_fake(stderr_flood=20_000_000)
    assert corral.chat("fake") == words(5)


def load(corral, model):
    """The states that the load route tells, as parsed lines."""
    with corral.http.stream("POST", f"/api/models/load/{model}") as reply:
        assert reply.status_code == 200
        return [json.loads(line) for line in reply.iter_lines() if line]


def test_the_load_route_tells_the_states_until_ready(start_fake):
    corral = start_fake(load_ms=300)
    states = [line["state"] for line in load(corral, "fake")]
    assert states[-1] == "ready"
    assert "starting" in states or "loading" in states
    assert corral.state_of("fake") == "ready"
    assert [line["state"] for line in load(corral, "fake")] == ["ready"]


def test_the_load_route_ends_with_the_error_of_a_failed_start(start_fake):
    corral = start_fake(fail_start="no more room")
    assert "no more room" in load(corral, "fake")[-1]["error"]["message"]


def test_the_load_route_knows_no_unknown_model(start_fake):
    reply = start_fake().http.post("/api/models/load/fakes")
    assert reply.status_code == 404
    assert "fake" in reply.json()["error"]["message"]


@pytest.mark.parametrize("method, path", [
    ("POST", "/api/models/unload/fake"), ("POST", "/api/models/unload"), ("GET", "/unload")])
def test_unload_ends_the_engine(start_fake, method, path):
    corral = start_fake(spawn_child=True)
    corral.chat("fake")
    assert len(corral.home.processes()) > 1
    assert corral.http.request(method, path).status_code == 200
    assert corral.running() == {}
    eventually(lambda: corral.home.processes() == [corral.pid], "only corral is left")
    assert corral.chat("fake") == words(5)


def test_unload_returns_although_a_waiting_request_loads_the_model_again(start_fake):
    corral = start_fake(rate=10, events=10)
    with ThreadPoolExecutor(3) as pool:
        running = pool.submit(corral.chat, "fake")
        eventually(lambda: corral.running().get("fake", {}).get("in_flight") == 1, "one runs")
        unloading = pool.submit(corral.http.post, "/api/models/unload/fake", timeout=5 * SCALE)
        waiting = pool.submit(corral.chat, "fake")
        assert running.result() == waiting.result() == words(10)
        assert unloading.result().status_code == 200


def test_an_idle_model_is_unloaded_after_its_ttl(start_fake):
    corral = start_fake({"ttl": 1})
    corral.chat("fake")
    assert corral.state_of("fake") == "ready"
    eventually(lambda: corral.running() == {}, "the model is unloaded", within=5)


def test_a_model_with_a_running_stream_is_not_idle(start_fake):
    corral = start_fake({"ttl": 1}, rate=4, events=8)
    stream = corral.openai().chat.completions.create(model="fake", messages=HELLO, stream=True)
    assert "".join(c.choices[0].delta.content or "" for c in stream if c.choices) == words(8)
