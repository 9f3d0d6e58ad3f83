"""Published ways to smuggle a request past a proxy: each is refused, or reaches the upstream as one
request with one meaning. What the upstream got is compared byte by byte."""

import json

import pytest

from raw import request
from recorder import OK, Late, Recorder
from service import Corral

BODY = b'{"model":"m"}'
SMUGGLED = b"GET /upstream/m/smuggled HTTP/1.1\r\nHost: localhost\r\n\r\n"
MARKER = b"GET /upstream/m/marker HTTP/1.1\r\nHost: localhost\r\n\r\n"


@pytest.fixture(scope="module")
def recorder():
    recorder = Recorder()
    yield recorder
    recorder.close()


@pytest.fixture(scope="module")
def corral(shared_home, recorder):
    service = Corral(shared_home, {"models": {"m": recorder.model()}})
    yield service
    service.stop()


@pytest.fixture(autouse=True)
def _clean(recorder):
    recorder.take()
    recorder.answers.clear()


def post(*headers, body=BODY, version=b"HTTP/1.1", host=b"Host: localhost\r\n"):
    """A chat request with these header lines, which hold their own line ends."""
    return (b"POST /v1/chat/completions " + version + b"\r\n" + host + b"".join(headers) + b"\r\n" +
            body)


def get(target, *headers, method=b"GET", host=b"Host: localhost\r\n"):
    return method + b" " + target + b" HTTP/1.1\r\n" + host + b"".join(headers) + b"\r\n"


def chunked(body=BODY):
    return b"%x\r\n%s\r\n0\r\n\r\n" % (len(body), body)


def cl(length):
    return b"Content-Length: %d\r\n" % length


TE = b"Transfer-Encoding: chunked\r\n"
FULL = cl(len(BODY))

# name: (the bytes, followed on the same connection by SMUGGLED; the status)
REFUSED = {
    # Two framings.
    "cl_te": (post(cl(len(chunked())), TE, body=chunked()), 400),
    "te_cl": (post(TE, cl(4), body=chunked()), 400),
    "te_0": (post(TE, cl(0), body=b""), 400),
    "two_lengths": (post(FULL, cl(0)), 400),
    "two_equal_lengths": (post(FULL, FULL), 400),
    "length_list": (post(b"Content-Length: 13, 13\r\n"), 400),
    "two_codings": (post(TE, TE, body=chunked()), 400),
    "two_different_codings": (post(TE, b"Transfer-Encoding: identity\r\n", body=chunked()), 400),
    "length_and_identity": (post(FULL, b"Transfer-Encoding: identity\r\n"), 501),
    # Transfer-Encoding in disguise.
    "te_chunked_identity": (post(b"Transfer-Encoding: chunked, identity\r\n", body=chunked()), 501),
    "te_identity_chunked": (post(b"Transfer-Encoding: identity, chunked\r\n", body=chunked()), 501),
    "te_gzip_chunked": (post(b"Transfer-Encoding: gzip, chunked\r\n", body=chunked()), 501),
    "te_chunked_twice": (post(b"Transfer-Encoding: chunked, chunked\r\n", body=chunked()), 501),
    "te_list_with_empty": (post(b"Transfer-Encoding: ,chunked\r\n", body=chunked()), 501),
    "te_space_before_colon": (post(b"Transfer-Encoding : chunked\r\n", FULL), 400),
    "te_tab_before_colon": (post(b"Transfer-Encoding\t: chunked\r\n", FULL), 400),
    "te_vertical_tab": (post(b"Transfer-Encoding:\x0bchunked\r\n", body=chunked()), 400),
    "te_form_feed": (post(b"Transfer-Encoding: \x0cchunked\r\n", body=chunked()), 400),
    "te_nul": (post(b"Transfer-Encoding: chunked\x00\r\n", body=chunked()), 400),
    "te_tab_behind": (post(b"Transfer-Encoding: chunked\t\r\n", body=chunked()), 400),
    "te_quoted": (post(b'Transfer-Encoding: "chunked"\r\n', body=chunked()), 501),
    "te_single_quoted": (post(b"Transfer-Encoding: 'chunked'\r\n", body=chunked()), 501),
    "te_with_parameter": (post(b"Transfer-Encoding: chunked;q=1\r\n", body=chunked()), 501),
    "te_cow": (post(b"Transfer-Encoding: cow\r\n", FULL), 501),
    "te_xchunked": (post(b"Transfer-Encoding: xchunked\r\n", FULL), 501),
    "te_empty": (post(b"Transfer-Encoding:\r\n", FULL), 501),
    "te_not_ascii": (post(b"Transfer-Encoding: chunked\xff\r\n", body=chunked()), 501),
    "te_name_not_ascii": (post(b"Transfer-Encoding\xa0: chunked\r\n", FULL), 400),
    "te_folded": (post(b"Transfer-Encoding:\r\n chunked\r\n", FULL), 501),
    "te_folded_into_another": (post(b"X: y\r\n Transfer-Encoding: chunked\r\n", FULL), 400),
    "te_behind_bare_cr": (post(b"X: y\rTransfer-Encoding: chunked\r\n", FULL), 400),
    "te_behind_bare_lf": (post(b"X: y\nTransfer-Encoding: chunked\r\n", FULL), 400),
    "te_name_over_two_lines": (post(b"Transfer-Encoding\r\n: chunked\r\n", FULL), 400),
    "te_in_http_1_0": (post(TE, version=b"HTTP/1.0", body=chunked()), 400),
    # Lengths that are none.
    "length_negative": (post(b"Content-Length: -1\r\n"), 400),
    "length_signed": (post(b"Content-Length: +13\r\n"), 400),
    "length_hex": (post(b"Content-Length: 0xD\r\n"), 400),
    "length_overflow": (post(b"Content-Length: 18446744073709551629\r\n"), 400),
    "length_2_64": (post(b"Content-Length: 18446744073709551615\r\n"), 400),
    "length_2_63": (post(b"Content-Length: 9223372036854775808\r\n"), 400),
    "length_wraps_at_32_bits": (post(b"Content-Length: 4294967309x\r\n"), 400),
    "length_with_comma": (post(b"Content-Length: 13,\r\n"), 400),
    "length_with_space_inside": (post(b"Content-Length: 1 3\r\n"), 400),
    "length_decimal": (post(b"Content-Length: 13.0\r\n"), 400),
    "length_exponent": (post(b"Content-Length: 1e1\r\n"), 400),
    "length_empty": (post(b"Content-Length:\r\n"), 400),
    "length_nul": (post(b"Content-Length: 13\x00\r\n"), 400),
    "length_tab_behind": (post(b"Content-Length: 13\t\r\n"), 400),
    "length_quoted": (post(b'Content-Length: "13"\r\n'), 400),
    "length_space_before_colon": (post(b"Content-Length : 13\r\n"), 400),
    "length_folded": (post(b"Content-Length:\r\n 13\r\n"), 400),
    "length_vertical_tab": (post(b"Content-Length:\x0b13\r\n"), 400),
    "length_arabic_digits": (post("Content-Length: \u0661\u0663\r\n".encode()), 400),
    # Line ends, folds and names.
    "bare_lf": (post(FULL).replace(b"\r\n", b"\n"), 400),
    "bare_lf_at_the_end": (b"GET /health HTTP/1.1\r\nHost: localhost\r\n\n", 400),
    "bare_cr": (b"GET /health HTTP/1.1\rHost: x\r\r\n\r\n", 400),
    "cr_cr_lf": (post(b"X: y\r\r\n", FULL), 400),
    "fold": (post(b"X: y\r\n z\r\n", FULL), 400),
    "fold_with_tab": (post(b"X: y\r\n\tz\r\n", FULL), 400),
    "fold_of_the_first_header": (post(FULL, host=b" Host: localhost\r\n"), 400),
    "space_in_a_name": (post(b"X Y: z\r\n", FULL), 400),
    "name_empty": (post(b": z\r\n", FULL), 400),
    "name_with_nul": (post(b"X\x00: z\r\n", FULL), 400),
    "no_colon": (post(b"Nonsense\r\n", FULL), 400),
    "nul_in_a_value": (post(b"X: y\x00z\r\n", FULL), 400),
    "two_blank_lines_first": (b"\r\n\r\n" + post(FULL), 400),
    "space_first": (b" " + post(FULL), 400),
    # Targets, hosts and versions.
    "authority_form": (b"CONNECT x:443 HTTP/1.1\r\nHost: localhost\r\n\r\n", 400),
    "connect_with_a_path": (get(b"/upstream/m/x", method=b"CONNECT"), 400),
    "authority_of_a_get": (get(b"x:80"), 400),
    "asterisk_of_a_get": (get(b"*"), 400),
    "absolute_without_host": (get(b"http:///upstream/m/x"), 400),
    "absolute_with_user": (get(b"http://a@b/upstream/m/x"), 400),
    "other_scheme": (get(b"ftp://x/upstream/m/x"), 400),
    "fragment": (get(b"/upstream/m/x#y"), 400),
    "space_in_the_target": (get(b"/upstream/m/x y"), 400),
    "tab_in_the_target": (get(b"/upstream/m/x\ty"), 400),
    "nul_in_the_target": (get(b"/upstream/m/x\x00"), 400),
    "version_in_the_target": (get(b"/upstream/m/x HTTP/1.1\rX:"), 400),
    "no_host": (get(b"/upstream/m/x", host=b""), 400),
    "two_hosts": (get(b"/upstream/m/x", b"Host: y\r\n"), 400),
    "two_equal_hosts": (get(b"/upstream/m/x", b"host: localhost\r\n"), 400),
    "http_0_9": (b"GET /upstream/m/x\r\n\r\n", 400),
    "http_0_9_version": (b"GET /upstream/m/x HTTP/0.9\r\nHost: localhost\r\n\r\n", 505),
    "http_2_preface": (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 505),
    "http_1_2": (post(FULL, version=b"HTTP/1.2"), 505),
    "version_in_small_letters": (post(FULL, version=b"http/1.1"), 400),
    "version_with_more_digits": (post(FULL, version=b"HTTP/1.10"), 400),
    "version_signed": (post(FULL, version=b"HTTP/+1.1"), 400),
    # Chunks.
    "chunk_negative": (post(TE, body=b"-d\r\n" + BODY + b"\r\n0\r\n\r\n"), 400),
    "chunk_signed": (post(TE, body=b"+d\r\n" + BODY + b"\r\n0\r\n\r\n"), 400),
    "chunk_hex_prefix": (post(TE, body=b"0xd\r\n" + BODY + b"\r\n0\r\n\r\n"), 400),
    "chunk_overflow": (post(TE, body=b"1000000000000000d\r\n" + BODY + b"\r\n0\r\n\r\n"), 400),
    "chunk_huge": (post(TE, body=b"FFFFFFFFFFFFFFFF\r\n" + BODY + b"\r\n0\r\n\r\n"), 400),
    "chunk_size_empty": (post(TE, body=b"\r\n" + BODY + b"\r\n0\r\n\r\n"), 400),
    "chunk_two_sizes": (post(TE, body=b"d d\r\n" + BODY + b"\r\n0\r\n\r\n"), 400),
    "chunk_space_first": (post(TE, body=b" d\r\n" + BODY + b"\r\n0\r\n\r\n"), 400),
    "chunk_bare_lf": (post(TE, body=b"d\n" + BODY + b"\r\n0\r\n\r\n"), 400),
    "chunk_bare_lf_in_extension": (post(TE, body=b"d;\n" + BODY + b"\r\n0\r\n\r\n"), 400),
    "chunk_bare_cr_in_extension": (post(TE, body=b"d;a\rb\r\n" + BODY + b"\r\n0\r\n\r\n"), 400),
    "chunk_bare_cr": (post(TE, body=b"d\r" + BODY + b"\r\n0\r\n\r\n"), 400),
    "chunk_data_with_bare_lf": (post(TE, body=b"d\r\n" + BODY + b"\n0\r\n\r\n"), 400),
    "chunk_longer_than_its_size": (post(TE, body=b"c\r\n" + BODY + b"\r\n0\r\n\r\n"), 400),
    "chunk_long_extension": (post(TE, body=b"d;" + b"x" * 5000 + b"\r\n" + BODY + b"\r\n"), 400),
    "chunk_last_with_bare_lf": (post(TE, body=b"d\r\n" + BODY + b"\r\n0\n\n"), 400),
    "trailer_folded": (post(TE, body=chunked()[:-2] + b"X: y\r\n z\r\n\r\n"), 400),
    "trailer_without_colon": (post(TE, body=chunked()[:-2] + b"GET / HTTP/1.1\r\n\r\n"), 400),
    "trailer_with_bare_lf": (post(TE, body=chunked()[:-2] + b"X: y\n\r\n"), 400),
    "trailers_too_large": (post(TE, body=chunked()[:-2] + b"X: y\r\n" * 3000 + b"\r\n"), 400),
}


@pytest.mark.parametrize("case", REFUSED)
def test_an_ambiguous_request_is_refused_and_nothing_behind_it_is_run(corral, recorder, case):
    data, status = REFUSED[case]
    with corral.raw() as connection:
        connection.send(data + SMUGGLED)
        reply = connection.reply()
        assert reply.status == status
        assert reply.json()["error"]["message"]
        assert reply.headers["connection"] == "close"
        assert connection.closed()
    assert marked(corral, recorder) == []


def marked(corral, recorder):
    """What the upstream has got so far: all that comes before a request sent now."""
    with corral.raw() as connection:
        connection.send(MARKER)
        assert connection.reply().body == b'{"ok":true}'
    taken = recorder.take()
    assert taken[-1].startswith(b"GET /marker HTTP/1.1\r\n")
    return taken[:-1]


def sent(recorder, method, target, *headers, body=None):
    """The bytes with which Corral passes a request on."""
    lines = [b"%s %s HTTP/1.1" % (method, target), b"Host: 127.0.0.1:%d" % recorder.port, *headers]
    if body is not None:
        lines.append(b"Content-Length: %d" % len(body))
    return b"\r\n".join(lines) + b"\r\n\r\n" + (body or b"")


CHAT = b"/v1/chat/completions"
# name: (the bytes; method, target, headers and body of the one request that reaches the upstream)
FORWARDED = {
    "plain": (post(FULL), b"POST", CHAT, [], BODY),
    "chunks_become_a_length": (post(TE, body=chunked()), b"POST", CHAT, [], BODY),
    "te_odd_case": (post(b"tRANSFER-eNCODING: cHUNKED\r\n", body=chunked()),
                    b"POST", CHAT, [], BODY),
    "te_blanks_around_its_value": (post(b"Transfer-Encoding:   chunked  \r\n", body=chunked()),
                                   b"POST", CHAT, [], BODY),
    "length_with_zeros": (post(b"Content-Length: 00013\r\n"), b"POST", CHAT, [], BODY),
    "length_blanks_around_its_value": (post(b"Content-Length:  13  \r\n"),
                                       b"POST", CHAT, [], BODY),
    "one_blank_line_first": (b"\r\n" + post(FULL), b"POST", CHAT, [], BODY),
    "chunk_extensions": (post(TE, body=b'00d ; a="b;c" ;d\r\n' + BODY + b"\r\n0;e\r\n\r\n"),
                         b"POST", CHAT, [], BODY),
    "chunk_of_each_byte": (post(TE, body=b"".join(b"1\r\n%c\r\n" % c for c in BODY) +
                                b"0\r\n\r\n"), b"POST", CHAT, [], BODY),
    "trailers_are_dropped": (post(TE, body=chunked()[:-2] + b"Content-Length: 99\r\nTransfer-"
                                  b"Encoding: chunked\r\nHost: y\r\nAuthorization: z\r\n\r\n"),
                             b"POST", CHAT, [], BODY),
    "hop_headers_are_dropped": (
        post(FULL, b"Connection: close, X-Hop\r\nTE: trailers\r\nTrailer: X\r\nUpgrade: h2c\r\n"
             b"Proxy-Connection: keep-alive\r\nKeep-Alive: timeout=9\r\n"),
        b"POST", CHAT, [], BODY),
    "names_that_look_like_framing": (
        post(FULL, b"Transfer_Encoding: chunked\r\nContent_Length: 0\r\nX-Content-Length: 1\r\n"),
        b"POST", CHAT,
        [b"Transfer_Encoding: chunked", b"Content_Length: 0", b"X-Content-Length: 1"], BODY),
    "a_request_in_the_body": (post(cl(len(SMUGGLED) + 2), body=b"\r\n" + SMUGGLED).replace(
        CHAT, b"/upstream/m/x"), b"POST", b"/x", [], b"\r\n" + SMUGGLED),
    "a_get_with_a_body": (get(b"/upstream/m/x", cl(len(SMUGGLED))) + SMUGGLED,
                          b"GET", b"/x", [], SMUGGLED),
    "a_get_with_chunks": (get(b"/upstream/m/x", TE) + chunked(SMUGGLED),
                          b"GET", b"/x", [], SMUGGLED),
    "absolute_form": (get(b"http://elsewhere:1/upstream/m/x?y=1"), b"GET", b"/x?y=1", [], None),
    "absolute_form_odd_case": (get(b"HTTP://ELSEWHERE/upstream/m/x"), b"GET", b"/x", [], None),
    "absolute_form_in_the_path": (get(b"/upstream/m/http://elsewhere/y"),
                                  b"GET", b"/http://elsewhere/y", [], None),
    "two_slashes": (get(b"/upstream/m//elsewhere/y"), b"GET", b"//elsewhere/y", [], None),
    "escaped_line_end": (get(b"/upstream/m/x%0d%0aX:%20y"), b"GET", b"/x%0d%0aX:%20y", [], None),
    "host_with_a_port": (get(b"/upstream/m/x", host=b"Host: localhost:9\r\n"), b"GET", b"/x", [], None),
    "http_1_0_without_host": (b"GET /upstream/m/x HTTP/1.0\r\n\r\n", b"GET", b"/x", [], None),
    "http_1_0_with_a_length": (post(FULL, version=b"HTTP/1.0", host=b""),
                               b"POST", CHAT, [], BODY),
    "unknown_method": (get(b"/upstream/m/x", method=b"PURGE-it"), b"PURGE-it", b"/x", [], None),
}


@pytest.mark.parametrize("case", FORWARDED)
def test_what_has_one_meaning_reaches_the_upstream_with_it(corral, recorder, case):
    data, method, target, headers, body = FORWARDED[case]
    with corral.raw() as connection:
        connection.send(data)
        assert connection.reply().status == 200
    got = marked(corral, recorder)
    assert got == [sent(recorder, method, target, *headers, body=body)]


def test_pipelined_requests_reach_the_upstream_one_by_one(corral, recorder):
    with corral.raw() as connection:
        connection.send(post(FULL) + post(TE, body=chunked()) + SMUGGLED + post(FULL))
        assert [connection.reply().status for _ in range(4)] == [200] * 4
    chat = sent(recorder, b"POST", CHAT, body=BODY)
    assert marked(corral, recorder) == [chat, chat, sent(recorder, b"GET", b"/smuggled"), chat]


def test_a_body_that_never_comes_whole_is_no_request(corral, recorder):
    with corral.raw() as connection:
        connection.send(post(cl(len(BODY) + 1)))
        connection.no_more()
        connection.rest()
    assert marked(corral, recorder) == []


# The engine's side.

def reply(status, *headers, body=b""):
    return b"HTTP/1.1 " + status + b"\r\n" + b"".join(headers) + b"\r\n" + body


STOLEN = reply(b"200 OK", cl(6), body=b"stolen")
# name: what an engine answers; the client is told 502
BAD_REPLIES = {
    "two_lengths": reply(b"200 OK", cl(2), cl(5), body=b"hello"),
    "two_equal_lengths": reply(b"200 OK", cl(5), cl(5), body=b"hello"),
    "length_and_coding": reply(b"200 OK", cl(5), TE, body=chunked(b"hello")),
    "coding_list": reply(b"200 OK", b"Transfer-Encoding: gzip, chunked\r\n", body=chunked()),
    "two_codings": reply(b"200 OK", TE, TE, body=chunked()),
    "negative_length": reply(b"200 OK", b"Content-Length: -5\r\n", body=b"hello"),
    "huge_length": reply(b"200 OK", b"Content-Length: 18446744073709551615\r\n", body=b"hello"),
    "bare_lf": b"HTTP/1.1 200 OK\nContent-Length: 5\n\nhello",
    "bare_lf_after_a_header": b"HTTP/1.1 200 OK\r\nX: y\nContent-Length: 5\r\n\r\nhello",
    "bare_cr": b"HTTP/1.1 200 OK\r\nX: y\rZ: a\r\nContent-Length: 5\r\n\r\nhello",
    "folded": reply(b"200 OK", b"X: y\r\n z\r\n", cl(5), body=b"hello"),
    "space_before_colon": reply(b"200 OK", b"Content-Length : 5\r\n", body=b"hello"),
    "nul_in_a_value": reply(b"200 OK", b"X: \x00\r\n", cl(5), body=b"hello"),
    "oversized_head": reply(b"200 OK", b"X: " + b"y" * 100_000 + b"\r\n", cl(5), body=b"hello"),
    "too_many_headers": reply(b"200 OK", b"X: y\r\n" * 200, cl(5), body=b"hello"),
    "no_status": b"HTTP/1.1 OK\r\nContent-Length: 5\r\n\r\nhello",
    "status_of_two_digits": reply(b"20 OK", cl(5), body=b"hello"),
    "http_2": b"HTTP/2.0 200 OK\r\nContent-Length: 5\r\n\r\nhello",
    "http_0_9": b"hello, this is the body\r\n\r\n",
    "http_1_0_chunked": b"HTTP/1.0 200 OK\r\n" + TE + b"\r\n" + chunked(),
    "flood_of_interim_replies": reply(b"103 Early Hints", b"Link: x\r\n") * 1000 + OK,
    "interim_reply_with_a_body": reply(b"103 Early Hints", cl(len(STOLEN)), body=STOLEN) + OK,
    "upgrade": reply(b"101 Switching Protocols", b"Upgrade: x\r\n", body=STOLEN),
    "negative_chunk": reply(b"200 OK", TE, body=b"-5\r\nhello\r\n0\r\n\r\n"),
    "chunk_two_sizes": reply(b"200 OK", TE, body=b"5 5\r\nhello\r\n0\r\n\r\n"),
    "chunk_overflow": reply(b"200 OK", TE, body=b"10000000000000005\r\nhello\r\n0\r\n\r\n"),
    "chunk_bare_lf": reply(b"200 OK", TE, body=b"5\nhello\n0\n\n"),
    "closed_in_the_head": [b"HTTP/1.1 200 OK\r\nContent-Le", None],
    "closed_before_the_body": [reply(b"200 OK", cl(5)), None],
}


def ask(corral, recorder, answer, data=SMUGGLED, times=1):
    """A client's request that the upstream answers with `answer`, however often it is asked."""
    recorder.answers[:] = [answer] * times
    with corral.raw() as connection:
        connection.send(data)
        return connection.reply()


@pytest.mark.parametrize("case", BAD_REPLIES)
def test_a_malformed_reply_is_502_and_its_connection_is_given_up(corral, recorder, case):
    reply = ask(corral, recorder, BAD_REPLIES[case], times=2)  # it is asked again
    assert reply.status == 502
    assert b"stolen" not in reply.body
    recorder.answers.clear()
    before = recorder.connections
    marked(corral, recorder)
    assert recorder.connections > before


# name: (an answer that is good up to a point, with more behind it; what the client gets)
LONGER_REPLIES = {
    "length": (reply(b"200 OK", cl(5), body=b"hello" + STOLEN), b"hello"),
    "length_zero": (reply(b"200 OK", cl(0), body=STOLEN), b""),
    "chunks": (reply(b"200 OK", TE, body=chunked(b"hello") + STOLEN), b"hello"),
    "junk": (reply(b"200 OK", cl(5), body=b"hello" + b"\x00junk" * 9), b"hello"),
    "one_byte": (reply(b"200 OK", cl(5), body=b"hello\n"), b"hello"),
    "no_content": (reply(b"204 No Content", body=STOLEN), b""),
    "no_content_with_a_length": (reply(b"204 No Content", cl(len(STOLEN)), body=STOLEN), b""),
    "not_modified": (reply(b"304 Not Modified", cl(len(STOLEN)), body=STOLEN), b""),
}


@pytest.mark.parametrize("case", LONGER_REPLIES)
def test_what_an_engine_sends_beyond_its_reply_is_never_the_next_client_s(corral, recorder, case):
    answer, body = LONGER_REPLIES[case]
    reply = ask(corral, recorder, answer)
    if reply.status in (204, 304):
        assert reply.body == b""
    else:
        assert (reply.status, reply.body) == (200, body)
    with corral.raw() as connection:
        connection.send(MARKER)
        assert connection.reply().body == b'{"ok":true}'
    assert [data.split()[1] for data in recorder.take()] == [b"/smuggled", b"/marker"]


@pytest.mark.parametrize("case", ["length", "chunks", "junk"])
def test_what_comes_late_behind_a_reply_is_never_the_next_client_s(corral, recorder, case):
    answer, body = LONGER_REPLIES[case]
    cut = answer.index(body) + len(body) + (len(b"\r\n0\r\n\r\n") if case == "chunks" else 0)
    late = Late(answer[cut:])
    reply = ask(corral, recorder, [answer[:cut], late])
    assert (reply.status, reply.body) == (200, body)
    late.send()
    for _ in range(5):
        with corral.raw() as connection:
            connection.send(MARKER)
            assert connection.reply().body == b'{"ok":true}'


def test_the_body_of_a_reply_to_head_is_never_the_next_client_s(corral, recorder):
    recorder.answers[:] = [reply(b"200 OK", cl(len(STOLEN)), body=STOLEN)]
    with corral.raw() as connection:
        connection.send(SMUGGLED.replace(b"GET", b"HEAD"))
        assert connection.reply(to_head=True).status == 200
        connection.send(MARKER)
        assert connection.reply().body == b'{"ok":true}'
    assert [data.split()[0] for data in marked(corral, recorder)] == [b"HEAD", b"GET"]


def test_interim_replies_are_passed_over(corral, recorder):
    answer = reply(b"100 Continue") + reply(b"103 Early Hints", b"Link: x\r\n") + OK
    assert json.loads(ask(corral, recorder, answer).body) == {"ok": True}


def test_a_reply_s_framing_is_the_gateway_s_own(corral, recorder):
    answer = reply(b"200 OK", b"Connection: close, X-Hop\r\nKeep-Alive: x\r\nTrailer: X\r\n", TE,
                   body=b"5;x=1\r\nhello\r\n0\r\nX: y\r\nContent-Length: 1\r\n\r\n")
    recorder.answers[:] = [answer]
    with corral.raw() as connection:
        connection.send(SMUGGLED)
        reply_ = connection.reply()
        assert reply_.body == b"hello"
        assert set(reply_.headers) == {"transfer-encoding", "server-timing"}
        connection.send(request("/health", b"", "GET"))
        assert connection.reply().body == b"OK"
