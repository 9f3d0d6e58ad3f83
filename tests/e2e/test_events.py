"""What listeners at /api/events are told."""

import signal
import threading

import pytest

from event_stream import EventStream
from fake import words
from raw import request
from waiting import eventually


def state_is(*states):
    return lambda status: status["state"] in states


def chat_body(model="fake", **more):
    return {"model": model, "messages": [{"role": "user", "content": "Hello"}], **more}


def test_a_listener_is_first_told_all_there_is(start, fake):
    corral = start({"models": {"one": fake.model({"aliases": ["uno"], "description": "d"}),
                               "two": fake.model({"unlisted": True})}})
    corral.chat("one")
    with EventStream(corral) as stream:
        assert "text/event-stream" in stream.head
        events = stream.greeting()
    logs = [data for kind, data in events if kind == "logData"]
    assert logs[0]["source"] == "proxy" and logs[0]["data"]
    assert corral.http.get("/logs").text.startswith(logs[0]["data"])
    assert [log["source"] for log in logs] == ["proxy", "upstream"][:len(logs)]
    events = events[len(logs):]
    assert [kind for kind, _ in events] == ["modelStatus", "status", "status", "inflight"]
    one, two = events[0][1]
    assert one == {"id": "one", "name": "", "description": "d", "state": "ready",
                   "unlisted": False, "peerID": "", "aliases": ["uno"]}
    assert two["state"] == "stopped" and two["unlisted"]
    assert [status["model"] for _, status in events[1:3]] == ["one", "two"]
    assert events[3][1] == {"operation": "snapshot", "requests": []}


def test_each_change_of_a_state_is_told(start_fake):
    corral = start_fake(load_ms=300)
    with EventStream(corral) as stream:
        stream.greeting()
        corral.chat("fake")
        corral.http.post("/api/models/unload/fake")
        states, swap_states = [], []
        while not states or states[-1] != "stopped":
            kind, data = stream.next()
            if kind == "status" and data["state"] not in states[-1:]:
                states.append(data["state"])
                last = data
            elif kind == "modelStatus":
                swap_states.append(data[0]["state"])
    assert states == ["starting", "loading", "ready", "stopping", "stopped"]
    assert swap_states == ["starting", "starting", "ready", "stopping", "stopped"]
    assert last["stop_reason"] == "asked"
    assert last["last_exit"]["cause"] == "asked"


def test_a_failed_start_is_told_with_its_words(start_fake):
    corral = start_fake(fail_start="no more room")
    with EventStream(corral) as stream:
        stream.greeting()
        corral.http.post("/v1/chat/completions", json=chat_body())
        status = stream.until("status", state_is("failed"))
        assert "no more room" in status["last_error"]["output"]
        assert status["last_exit"]["code"] == 1 and status["last_exit"]["signal"] is None


def test_a_killed_engine_is_told_at_once(start_fake):
    corral = start_fake()
    corral.chat("fake")
    with EventStream(corral) as stream:
        stream.greeting()
        pid = corral.running()["fake"]["pid"]
        corral.home.kill(pid)
        status = stream.until("status", state_is("failed"))
    assert status["last_exit"]["signal"] == "SIGKILL"
    assert status["stop_reason"] == "crash"
    assert status["pid"] is None and status["uptime_s"] is None


def test_requests_in_flight_are_told_without_their_secrets(start_fake):
    corral = start_fake(rate=20, events=20)
    with EventStream(corral) as stream:
        stream.greeting()
        headers = {"Authorization": "Bearer secret", "X-Api-Key": "secret", "Cookie": "secret",
                   "User-Agent": "me"}
        reading = threading.Thread(target=lambda: corral.http.post(
            "/v1/chat/completions?x=secret", json=chat_body(stream=True), headers=headers))
        reading.start()
        first = stream.until("inflight")
        assert first["operation"] == "upsert"
        entry = first["request"]
        assert set(entry) == {"id", "timestamp", "model", "req_path", "method", "req_headers",
                              "remote_ip", "resp_bytes", "resp_tokens", "elapsed_ms"}
        assert (entry["model"], entry["method"]) == ("fake", "POST")
        assert entry["req_path"] == "/v1/chat/completions"
        assert entry["remote_ip"] == "127.0.0.1" and entry["resp_bytes"] == 0
        assert "secret" not in str(entry)
        assert {k.lower(): v for k, v in entry["req_headers"].items()}["user-agent"] == "me"
        later = stream.until("inflight", lambda data: data["request"]["resp_bytes"] > 0)
        assert later["request"]["id"] == entry["id"]
        later = stream.until("inflight", lambda data: data["request"]["resp_tokens"] > 5)
        assert later["request"]["resp_tokens"] <= 20
        last = stream.until("inflight", lambda data: data["operation"] == "remove")
        assert last == {"operation": "remove", "id": entry["id"]}
        reading.join()


def test_what_engines_print_is_told(start_fake):
    corral = start_fake(stderr_flood=20_000)
    with EventStream(corral) as stream:
        stream.greeting()
        corral.chat("fake")
        stream.until("logData", lambda data: data["source"] == "upstream"
                     and "[fake] xxxxx" in data["data"])
        corral.http.post("/api/models/unload/fake")
        stream.until("logData", lambda data: data["source"] == "proxy"
                     and data["data"] in corral.http.get("/logs").text)


@pytest.mark.timeout(60)
def test_a_listener_that_does_not_read_loses_lines_and_holds_up_nobody(start_fake):
    corral = start_fake(stderr_flood=30_000_000, events=1)
    with EventStream(corral) as stream:
        stream.greeting()
        assert corral.chat("fake") == words(1)
        for _ in range(20):
            assert corral.chat("fake") == words(1)
        corral.http.post("/api/models/unload/fake")
        dropped = stream.until("logData", lambda data: "bytes dropped" in data["data"])
        assert len(dropped["data"]) < 200 * 1024
        stream.until("status", state_is("stopped"))


def test_two_listeners_are_told_the_same_and_one_may_leave(start_fake):
    corral = start_fake()
    with EventStream(corral) as stays:
        with EventStream(corral) as leaves:
            stays.greeting(), leaves.greeting()
            corral.chat("fake")
            for stream in (stays, leaves):
                stream.until("status", state_is("ready"))
        corral.http.post("/api/models/unload/fake")
        stays.until("status", state_is("stopped"))


def test_listeners_are_let_go_when_the_service_stops(start_fake):
    corral = start_fake()
    with EventStream(corral) as stream:
        stream.greeting()
        corral.signal(signal.SIGTERM)
        while stream.next() is not None:
            pass
        assert corral.wait(within=5) == 0


def waiting_request(corral, connection, **more):
    """Sends a request and returns its number once it is in flight."""
    connection.send(request("/v1/chat/completions", chat_body(**more)))
    return eventually(lambda: corral.http.get("/api/requests").json()["requests"],
                      "the request is in flight")[0]["id"]


def cancel(corral, number):
    return corral.http.post(f"/api/requests/{number}/cancel")


def test_a_request_that_waits_can_be_cancelled(start_fake):
    corral = start_fake(load_ms=60_000)
    with corral.raw() as connection:
        number = waiting_request(corral, connection)
        assert cancel(corral, number).json() == {"msg": "ok"}
        reply = connection.reply()
        assert reply.status == 503
        assert reply.json()["error"]["message"] == "this request to 'fake' was cancelled"
    assert corral.http.get("/api/requests").json() == {"requests": []}
    assert cancel(corral, number).status_code == 404


def test_a_stream_that_is_cancelled_ends_with_an_error_event(start_fake):
    corral = start_fake(rate=20, events=100_000)
    with corral.raw() as connection:
        number = waiting_request(corral, connection, stream=True)
        while b"word3" not in connection.buffer:
            connection._more()
        assert corral.http.post(f"/api/inflight/{number}/cancel").status_code == 200
        while b"0\r\n\r\n" not in connection.buffer:
            connection._more()
        assert b"this request to 'fake' was cancelled" in connection.buffer
        # Its connection can be used again.
        connection.buffer = b""
        connection.send(b"GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n")
        assert connection.reply().status == 200
    eventually(lambda: corral.running()["fake"]["in_flight"] == 0, "its place is free")


@pytest.mark.parametrize("path", ["/api/requests/7/cancel", "/api/requests/x/cancel",
                                  "/api/requests/7", "/api/requests/7/stop"])
def test_cancelling_what_is_not_there_is_told(plain, path):
    reply = plain.http.post(path)
    assert reply.status_code == 404
    assert "GET /api/requests" in reply.json()["error"]["message"]
