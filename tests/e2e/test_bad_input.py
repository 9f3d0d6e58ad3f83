"""Broken and hostile requests, as bytes: each is refused, and the service goes on."""

import json
import time

import pytest

from fake import words
from raw import request
from waiting import SCALE, eventually

CHAT = {"model": "fake", "messages": [{"role": "user", "content": "Hello"}]}
CHAT_BYTES = json.dumps(CHAT).encode()
POST = b"POST /v1/chat/completions HTTP/1.1\r\nHost: localhost\r\n"


@pytest.fixture(autouse=True)
def still_answers(plain):
    yield
    assert plain.chat("fake") == words(5)
    eventually(lambda: plain.running()["fake"]["in_flight"] == 0, "nothing is in flight")


HEADS = {
    "no_version": (b"GET /health\r\n\r\n", 400),
    "garbage": (b"\x00\x01\x02\x03\r\n\r\n", 400),
    "tls_hello": (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n", 400),
    "unknown_version": (b"GET /health HTTP/3.0\r\nHost: localhost\r\n\r\n", 505),
    "no_host": (b"GET /health HTTP/1.1\r\n\r\n", 400),
    "two_hosts": (b"GET /health HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", 400),
    "space_before_colon": (b"GET /health HTTP/1.1\r\nHost: localhost\r\nA : b\r\n\r\n", 400),
    "folded_header": (b"GET /health HTTP/1.1\r\nHost: localhost\r\nA: b\r\n c\r\n\r\n", 400),
    "no_colon": (b"GET /health HTTP/1.1\r\nHost: localhost\r\nnonsense\r\n\r\n", 400),
    "bare_lf": (b"GET /health HTTP/1.1\nHost: localhost\n\n", 400),
    "bare_lf_after_a_header": (b"GET /health HTTP/1.1\r\nHost: localhost\nA: b\r\n\r\n", 400),
    "nul_in_a_value": (b"GET /health HTTP/1.1\r\nHost: localhost\r\nA: b\x00c\r\n\r\n", 400),
    "space_in_the_target": (b"GET /he alth HTTP/1.1\r\nHost: localhost\r\n\r\n", 400),
    "two_lengths": (POST + b"Content-Length: 5\r\nContent-Length: 6\r\n\r\nhello", 400),
    "two_equal_lengths": (POST + b"Content-Length: 5\r\nContent-Length: 5\r\n\r\nhello", 400),
    "length_list": (POST + b"Content-Length: 5, 5\r\n\r\nhello", 400),
    "negative_length": (POST + b"Content-Length: -1\r\n\r\n", 400),
    "signed_length": (POST + b"Content-Length: +5\r\n\r\nhello", 400),
    "huge_length": (POST + b"Content-Length: 99999999999999999999999\r\n\r\n", 400),
    "length_and_chunked": (
        POST + b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400),
    "unknown_coding": (POST + b"Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n", 501),
    "http_1_0_chunked": (b"POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400),
    "unknown_expectation": (POST + b"Content-Length: 2\r\nExpect: magic\r\n\r\n{}", 417),
    "large_head": (b"GET /health HTTP/1.1\r\nHost: localhost\r\nA: " + b"b" * 100_000 + b"\r\n\r\n", 431),
    "many_headers": (b"GET /health HTTP/1.1\r\nHost: localhost\r\n" + b"A: b\r\n" * 200 + b"\r\n", 431),
}


@pytest.mark.parametrize("case", HEADS)
def test_a_malformed_head_is_refused_and_the_connection_closed(plain, case):
    data, status = HEADS[case]
    with plain.raw() as connection:
        connection.send(data)
        reply = connection.reply()
        assert reply.status == status
        assert reply.json()["error"]["message"]
        assert reply.headers["connection"] == "close"
        assert connection.closed()


@pytest.mark.parametrize("chunks", [
    b"zz\r\nhello\r\n0\r\n\r\n", b"5\r\nhelloXX0\r\n\r\n", b"-5\r\nhello\r\n0\r\n\r\n",
    b"ffffffffffffffffff\r\nhello\r\n", b"5 \nhello\r\n0\r\n\r\n", b"\r\n\r\n",
    b"0x5\r\nhello\r\n0\r\n\r\n"])
def test_malformed_chunks_are_refused(plain, chunks):
    with plain.raw() as connection:
        connection.send(POST + b"Transfer-Encoding: chunked\r\n\r\n" + chunks)
        assert connection.reply().status == 400


@pytest.mark.parametrize("body", [
    b"", b"{", b"not json", b"[1, 2]", b'"text"', b'{"model": "fake"', b'{"model": "fake",}',
    b'{"model": "fake"} {}', b"{'model': 'fake'}", b'{"model": "fake", "model": "fake"}',
    b'{"model": "fake", "a": "\x01"}', b'{"model": "fake", "a": 01}', b"[" * 100_000])
def test_invalid_json_is_refused(plain, body):
    with plain.raw() as connection:
        connection.send(request("/v1/chat/completions", body))
        reply = connection.reply()
    assert reply.status == 400
    error = reply.json()["error"]
    assert error["message"] and error["type"] == "invalid_request_error"


def test_json_that_is_nested_too_deeply_is_refused(plain):
    with plain.raw() as connection:
        connection.send(request("/v1/chat/completions", b'{"a":' * 100_000))
        assert connection.reply().status in (400, 413)


def test_a_model_s_name_that_is_not_utf_8_is_refused_in_valid_json(plain):
    with plain.raw() as connection:
        connection.send(request("/v1/chat/completions", b'{"model": "\xff\xfe"}'))
        reply = connection.reply()
    assert reply.status in (400, 404)
    assert reply.json()["error"]["message"]


@pytest.mark.parametrize("body", [
    {}, {"model": ""}, {"model": None}, {"model": 7}, {"model": ["fake"]},
    {"messages": [{"model": "fake"}]}])
def test_a_request_without_a_model_is_refused(plain, body):
    reply = plain.http.post("/v1/chat/completions", json=body)
    assert reply.status_code == 400
    assert "model" in reply.json()["error"]["message"]


def test_an_unknown_model_is_answered_with_the_nearest(plain):
    reply = plain.http.post("/v1/chat/completions", json={**CHAT, "model": "fale"})
    assert reply.status_code == 404
    error = reply.json()["error"]
    assert "'fale'" in error["message"] and "'fake'" in error["message"]
    assert {"message", "type", "param", "code"} <= set(error)


def test_an_unknown_model_is_an_anthropic_error_on_its_route(plain):
    reply = plain.http.post("/v1/messages", json={**CHAT, "model": "fale", "max_tokens": 5})
    assert reply.status_code == 404
    assert reply.json()["type"] == "error"
    assert reply.json()["error"]["type"] == "not_found_error"
    assert "'fake'" in reply.json()["error"]["message"]


def test_a_long_unknown_model_name_is_not_repeated_whole(plain):
    reply = plain.http.post("/v1/chat/completions", json={**CHAT, "model": "x" * 900})
    assert reply.status_code == 404
    assert len(reply.text) < 600


def test_a_body_that_is_cut_short_reaches_no_engine(plain):
    before = plain.stats("fake")["begun"]
    with plain.raw() as connection:
        connection.send(POST + b"Content-Length: 500\r\n\r\n" + CHAT_BYTES)
        connection.no_more()
        rest = connection.rest()
    assert rest == b"" or rest.startswith(b"HTTP/1.1 400 ")
    assert plain.stats("fake")["begun"] == before


def test_a_path_of_many_parts_does_not_hold_up_the_others(plain):
    with plain.raw() as connection:
        began = time.monotonic()
        connection.send(b"GET /upstream" + b"/a" * 30_000 + b" HTTP/1.1\r\nHost: localhost\r\n\r\n")
        assert connection.reply().status == 404
        assert time.monotonic() - began < 1 * SCALE


def test_a_client_that_expects_100_continue_gets_it(plain):
    with plain.raw() as connection:
        connection.send(POST + b"Expect: 100-continue\r\nContent-Length: %d\r\n\r\n" %
                        len(CHAT_BYTES))
        assert connection.reply().status == 100
        connection.send(CHAT_BYTES)
        assert connection.reply().status == 200


def test_a_chunked_body_is_understood(plain):
    with plain.raw() as connection:
        connection.send(POST + b"Transfer-Encoding: chunked\r\n\r\n")
        for i in range(0, len(CHAT_BYTES), 7):
            piece = CHAT_BYTES[i:i + 7]
            connection.send(b"%x;note=1\r\n%s\r\n" % (len(piece), piece))
        connection.send(b"0\r\nTrailer: x\r\n\r\n")
        reply = connection.reply()
    assert reply.status == 200
    assert reply.json()["received_bytes"] == len(CHAT_BYTES)


def test_pipelined_requests_are_answered_in_order(plain):
    with plain.raw() as connection:
        connection.send(request("/v1/chat/completions", CHAT) + request("/health", b"", "GET") +
                        request("/v1/chat/completions", {"model": "fale"}) +
                        request("/v1/embeddings", CHAT))
        replies = [connection.reply() for _ in range(4)]
    assert [reply.status for reply in replies] == [200, 200, 404, 200]
    assert replies[1].body == b"OK"
    assert replies[3].json()["data"][0]["embedding"]


def test_a_head_that_comes_byte_by_byte_is_understood(plain):
    with plain.raw() as connection:
        for byte in request("/v1/chat/completions", CHAT):
            connection.send(bytes([byte]))
        assert connection.reply().status == 200


def test_an_http_1_0_client_is_answered_and_closed(plain):
    with plain.raw() as connection:
        connection.send(b"GET /v1/models HTTP/1.0\r\n\r\n")
        assert connection.reply().status == 200
        assert connection.closed()


def test_a_request_behind_a_refused_one_is_not_run(plain):
    before = plain.stats("fake")["begun"]
    with plain.raw() as connection:
        connection.send(POST + b"Content-Length: 0\r\nContent-Length: 0\r\n\r\n" +
                        request("/v1/chat/completions", CHAT))
        assert connection.reply().status == 400
        assert connection.closed()
    assert plain.stats("fake")["begun"] == before
