"""The routes that are not a model's own: lists, logs, metrics, and /upstream."""

import threading

import httpx2
import pytest

from fake import words
from waiting import eventually

CHAT = {"model": "fake", "messages": [{"role": "user", "content": "Hello"}]}


@pytest.mark.parametrize("path", ["/v1/models", "/models"])
def test_models_are_listed(start, fake, path):
    corral = start({"models": {
        "b": fake.model({"name": "Bee", "description": "buzzes", "aliases": ["bee"]}),
        "a": fake.model(),
        "hidden": fake.model({"unlisted": True})}})
    models = corral.http.get(path).json()
    assert models["object"] == "list"
    assert [m["id"] for m in models["data"]] == ["a", "b"]
    assert models["data"][1]["name"] == "Bee"
    assert [m.id for m in corral.openai().models.list()] == ["a", "b"]
    assert corral.chat("hidden") == words(5)


def test_health_answers_without_a_model(plain):
    reply = plain.http.get("/health")
    assert (reply.status_code, reply.text) == (200, "OK")


def test_aliases_with_slashes_work_in_bodies_and_paths(plain):
    assert plain.chat("also/fake") == words(5)
    assert plain.http.get("/upstream/also/fake/health").json() == {"status": "ok"}
    assert plain.http.get("/upstream/also%2Ffake/health").json() == {"status": "ok"}


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE", "PATCH", "PROPFIND"])
def test_upstream_passes_method_path_and_query(plain, method):
    reply = plain.http.request(method, "/upstream/fake/echo-head?x=1&y=a%20b&z")
    assert reply.text.splitlines()[0] == f"{method} /echo-head?x=1&y=a%20b&z HTTP/1.1"


def test_upstream_passes_headers_and_no_connection_headers(plain):
    reply = plain.http.get("/upstream/fake/echo-head", headers={
        "X-Mine": "one", "Authorization": "Bearer mine", "TE": "trailers"})
    lines = [line.lower() for line in reply.text.splitlines()]
    assert "x-mine: one" in lines
    assert "authorization: bearer mine" in lines
    assert not any(line.startswith("te:") for line in lines)
    assert sum(line.startswith("host:") for line in lines) == 1


def test_upstream_of_a_bare_model_leads_to_its_page(plain):
    reply = plain.http.get("/upstream/fake?a=b")
    assert reply.status_code in (301, 302, 307, 308)
    assert reply.headers["Location"] == "/upstream/fake/?a=b"


def test_upstream_passes_the_engine_s_own_errors(plain):
    reply = plain.http.get("/upstream/fake/no-such-thing")
    assert reply.status_code == 404
    assert "no-such-thing" in reply.json()["error"]["message"]


def test_upstream_of_an_unknown_model_is_not_found(plain):
    reply = plain.http.get("/upstream/fakes/health")
    assert reply.status_code == 404
    assert "fake" in reply.json()["error"]["message"]


@pytest.mark.parametrize("path, body", [
    ("/v1/chat/completions", {"messages": []}), ("/v1/completions", {"prompt": "x"}),
    ("/v1/embeddings", {"input": "x"}), ("/v1/responses", {"input": "x"}),
    ("/v1/messages", {"messages": []}), ("/v1/rerank", {"query": "x", "documents": []}),
    ("/infill", {"input_prefix": "x"}), ("/completion", {"prompt": "x"})])
def test_every_model_route_reaches_the_engine(plain, path, body):
    reply = plain.http.post(path, json={"model": "fake", **body})
    assert reply.status_code == 200, reply.text
    assert int(reply.headers["X-Received-Bytes"]) > 10


def test_the_reply_s_body_comes_unchanged(plain):
    direct = plain.http.post("/upstream/fake/v1/chat/completions", json=CHAT)
    routed = plain.http.post("/v1/chat/completions", json=CHAT)
    assert routed.content == direct.content
    assert routed.headers["Content-Length"] == direct.headers["Content-Length"]


def test_a_head_request_gets_a_head(plain):
    reply = plain.http.head("/v1/models")
    assert reply.status_code == 200
    assert reply.content == b""


def test_a_wrong_method_is_told_the_right_one(plain):
    reply = plain.http.get("/v1/chat/completions")
    assert reply.status_code == 405
    assert "POST" in reply.json()["error"]["message"]
    reply = plain.http.post("/v1/models")
    assert reply.status_code == 405
    assert reply.headers["Allow"] == "GET"


def test_an_unknown_route_is_not_found(plain):
    reply = plain.http.get("/v1/nothing")
    assert reply.status_code == 404
    assert reply.json()["error"]["type"]


def test_metrics_count_requests_and_tokens(start_fake):
    corral = start_fake()
    corral.chat("fake")
    corral.openai().chat.completions.create(**CHAT)
    list(corral.openai().chat.completions.create(**CHAT, stream=True))
    corral.http.post("/v1/chat/completions", json={"model": "other"})

    def counted():
        return corral.metric("corral_requests_total", model="fake", status="200") == 3

    eventually(counted, "three requests are counted")
    assert corral.metric("corral_requests_total", model="", status="404") == 1
    assert corral.metric("corral_generated_tokens_total", model="fake") == 15
    assert corral.metric("corral_prompt_tokens_total", model="fake") == 21
    assert corral.metric("corral_cached_tokens_total", model="fake") == 6
    assert corral.metric("corral_engine_starts_total", model="fake") == 1
    assert corral.metric("corral_request_seconds_count", model="fake") == 3
    assert corral.metric("corral_engine_state", model="fake", state="ready") == 1
    assert corral.metric("corral_requests_in_flight", model="fake") == 0


class Follower(threading.Thread):
    """Reads a log stream until it ends."""

    def __init__(self, corral, path):
        super().__init__(daemon=True)
        self.url = corral.url + path
        self.text, self.begun, self.error = "", False, None
        self.start()
        eventually(lambda: self.begun or self.error, "the log stream begins")

    def run(self):
        try:
            with httpx2.stream("GET", self.url, timeout=None, trust_env=False) as reply:
                assert reply.status_code == 200
                self.begun = True
                for piece in reply.iter_text():
                    self.text += piece
        except Exception as error:  # the test looks at it
            self.error = error


@pytest.mark.parametrize("path", ["/logs/stream/fake", "/logs/stream/upstream"])
def test_an_engine_s_log_is_followed_live(start_fake, path):
    corral = start_fake(stderr_flood=1000)
    follower = Follower(corral, path)
    corral.chat("fake")
    eventually(lambda: "xxxxxxxxxx" in follower.text, "the engine's line comes")


def test_corral_s_own_log_is_followed_and_ends_with_the_service(start_fake):
    corral = start_fake()
    follower = Follower(corral, "/logs/stream")
    before = len(follower.text)
    corral.chat("fake")
    eventually(lambda: len(follower.text) > before, "something is logged")
    assert corral.http.get("/logs").text
    corral.stop()
    eventually(lambda: not follower.is_alive(), "the stream ends")
    assert follower.error is None


def test_the_log_of_an_unknown_model_is_not_found(plain):
    assert plain.http.get("/logs/stream/other").status_code == 404
