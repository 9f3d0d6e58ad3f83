#include "http/head_parser.h"

#include <doctest/doctest.h>

#include <string>

#include "http/head_writer.h"

using namespace corral;
using namespace corral::http;

namespace {

// The status of a refusal, 0 for a head that is accepted, -1 for one that is not complete. `parts`
// are given to the scanner one after another, as reads would bring them.
int verdict_of_split(std::string_view raw, std::size_t split) {
  std::size_t seen = 0;
  Result<std::size_t> end = find_head_end(raw.substr(0, split), seen);
  if (end.has_value() && *end == 0) end = find_head_end(raw, seen);
  if (!end.has_value()) return 400;
  if (*end == 0) return -1;
  RequestHead head;
  const std::optional<Refusal> refused = parse_request_head(raw.substr(0, *end), head);
  return refused ? refused->status : 0;
}

// The verdict, which is the same at every split position.
int verdict(std::string_view raw) {
  const int whole = verdict_of_split(raw, raw.size());
  for (std::size_t split = 0; split < raw.size(); ++split) {
    if (verdict_of_split(raw, split) != whole) return -1000 - static_cast<int>(split);
  }
  std::size_t seen = 0;  // and byte by byte
  for (std::size_t size = 1; size <= raw.size(); ++size) {
    const Result<std::size_t> end = find_head_end(raw.substr(0, size), seen);
    if (!end.has_value()) return whole == 400 ? whole : -2000;
    if (*end > 0) break;
  }
  return whole;
}

int reply_verdict(std::string_view raw) {
  ResponseHead head;
  std::size_t seen = 0;
  const Result<std::size_t> end = find_head_end(raw, seen);
  if (!end.has_value()) return 400;
  const std::optional<Refusal> refused = parse_response_head(raw.substr(0, *end), false, head);
  return refused ? refused->status : 0;
}

RequestHead parsed(std::string_view raw) {
  RequestHead head;
  REQUIRE_FALSE(parse_request_head(raw, head));
  return head;
}

ResponseHead parsed_reply(std::string_view raw, bool to_head = false) {
  ResponseHead head;
  REQUIRE_FALSE(parse_response_head(raw, to_head, head));
  return head;
}

}  // namespace

TEST_CASE("heads that mean one thing are accepted at every split") {
  const std::string_view good[] = {
      "GET / HTTP/1.1\r\nHost: x\r\n\r\n",
      "\r\nGET / HTTP/1.1\r\nHost: x\r\n\r\n",
      "GET /a?b=c&d HTTP/1.1\r\nhOST:x\r\nX-Empty:\r\nX: \t a b \t\r\n\r\n",
      "GET http://x/a HTTP/1.1\r\nHost: x\r\n\r\n",
      "GET HTTP://[::1]:80?a HTTP/1.1\r\nHost: x\r\n\r\n",
      "OPTIONS * HTTP/1.1\r\nHost: x\r\n\r\n",
      "GET / HTTP/1.0\r\n\r\n",
      "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nhello",
      "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: Chunked\r\n\r\n0\r\n\r\n",
      "POST / HTTP/1.1\r\nHost: x\r\nExpect: 100-Continue\r\nContent-Length: 1\r\n\r\n",
      "GET / HTTP/1.1\r\nHost: x\r\nX: caf\xC3\xA9\r\n\r\nGET / HTTP/1.1\r\n",
  };
  for (const std::string_view raw : good) {
    CAPTURE(raw);
    CHECK(verdict(raw) == 0);
  }
}

TEST_CASE("heads that two parsers could understand in two ways are refused at every split") {
  const std::string host = "Host: x\r\n";
  const auto with = [&](std::string_view lines) {
    return "POST / HTTP/1.1\r\n" + host + std::string(lines) + "\r\n";
  };
  struct Case {
    std::string raw;
    int status;
  };
  const Case cases[] = {
      {with("Content-Length: 5\r\nContent-Length: 5\r\n"), 400},
      {with("Content-Length: 5\r\nContent-Length: 6\r\n"), 400},
      {with("Content-Length: 5, 5\r\n"), 400},
      {with("Content-Length: 5\r\nTransfer-Encoding: chunked\r\n"), 400},
      {with("Transfer-Encoding: chunked\r\nContent-Length: 5\r\n"), 400},
      {with("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n"), 400},
      {with("Transfer-Encoding: gzip, chunked\r\n"), 501},
      {with("Transfer-Encoding: chunked, identity\r\n"), 501},
      {with("Transfer-Encoding: identity\r\n"), 501},
      {with("Transfer-Encoding: xchunked\r\n"), 501},
      {with("Transfer-Encoding:\r\n"), 501},
      {with("Transfer-Encoding: \"chunked\"\r\n"), 501},
      {with("Transfer-Encoding: \x0B"
            "chunked\r\n"),
       400},
      {with("Transfer-Encoding : chunked\r\n"), 400},
      {with("Transfer-Encoding\r\n: chunked\r\n"), 400},
      {with("X: a\r\n Transfer-Encoding: chunked\r\n"), 400},
      {with("X: a\r\n\tb\r\n"), 400},
      {with(" X: a\r\n"), 400},
      {with("X: a\rTransfer-Encoding: chunked\r\n"), 400},
      {with("X: a\nTransfer-Encoding: chunked\r\n"), 400},
      {with("X: a\r\r\n"), 400},
      {with("\rX: a\r\n"), 400},
      {with(": a\r\n"), 400},
      {with("X Y: a\r\n"), 400},
      {with("X\r\n"), 400},
      {with(std::string_view("X: a\0b\r\n", 8)), 400},
      {with("X: \x7F\r\n"), 400},
      {with("X\x80: a\r\n"), 400},
      {with("Content-Length: -1\r\n"), 400},
      {with("Content-Length: +1\r\n"), 400},
      {with("Content-Length: 0x5\r\n"), 400},
      {with("Content-Length: 5a\r\n"), 400},
      {with("Content-Length: 5 6\r\n"), 400},
      {with("Content-Length:\r\n"), 400},
      {with("Content-Length: 99999999999999999999\r\n"), 400},
      {with("Content-Length: 1e3\r\n"), 400},
      {with("Content-Length: 5\t\r\n"), 400},
      {with("Content-Length:\t5\r\n"), 400},
      {with("Transfer-Encoding: chunked\t\r\n"), 400},
      {with("Content-Length: 18446744073709551615\r\n"), 400},
      {with("Content-Length: 9223372036854775808\r\n"), 400},
      {with("Expect: 200-ok\r\n"), 417},
      {with("Host: y\r\n"), 400},
      {"GET / HTTP/1.1\r\n\r\n", 400},
      {"POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n", 400},
      {"GET / HTTP/1.1\nHost: x\n\n", 400},
      {"GET / HTTP/1.1\r\nHost: x\r\n\n", 400},
      {"\nGET / HTTP/1.1\r\nHost: x\r\n\r\n", 400},
      {"\r\n\r\nGET / HTTP/1.1\r\nHost: x\r\n\r\n", 400},
      {" GET / HTTP/1.1\r\nHost: x\r\n\r\n", 400},
      {"GET  / HTTP/1.1\r\nHost: x\r\n\r\n", 400},
      {"GET /  HTTP/1.1\r\nHost: x\r\n\r\n", 400},
      {"GET / HTTP/1.1 \r\nHost: x\r\n\r\n", 400},
      {"GET\t/ HTTP/1.1\r\nHost: x\r\n\r\n", 400},
      {"GET /\x01 HTTP/1.1\r\nHost: x\r\n\r\n", 400},
      {"GET /a#b HTTP/1.1\r\nHost: x\r\n\r\n", 400},
      {"GET a HTTP/1.1\r\nHost: x\r\n\r\n", 400},
      {"GET * HTTP/1.1\r\nHost: x\r\n\r\n", 400},
      {"GET ftp://x/ HTTP/1.1\r\nHost: x\r\n\r\n", 400},
      {"GET http:// HTTP/1.1\r\nHost: x\r\n\r\n", 400},
      {"GET http:///a HTTP/1.1\r\nHost: x\r\n\r\n", 400},
      {"GET http://:80/a HTTP/1.1\r\nHost: x\r\n\r\n", 400},
      {"GET http://u@x/a HTTP/1.1\r\nHost: x\r\n\r\n", 400},
      {"GET http://x\\y/a HTTP/1.1\r\nHost: x\r\n\r\n", 400},
      {"CONNECT x:443 HTTP/1.1\r\nHost: x\r\n\r\n", 400},
      {"CONNECT /a HTTP/1.1\r\nHost: x\r\n\r\n", 400},
      {"G(T / HTTP/1.1\r\nHost: x\r\n\r\n", 400},
      {"GET /\r\n\r\n", 400},
      {"GET / http/1.1\r\nHost: x\r\n\r\n", 400},
      {"GET / HTTP/1.11\r\nHost: x\r\n\r\n", 400},
      {"GET / HTTP/2.0\r\nHost: x\r\n\r\n", 505},
      {"GET / HTTP/0.9\r\nHost: x\r\n\r\n", 505},
      {"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 505},
      {"\x16\x03\x01\x02\r\n\r\n", 400},
  };
  for (const Case& c : cases) {
    CAPTURE(c.raw);
    CHECK(verdict(c.raw) == c.status);
  }
}

TEST_CASE("a head that has not come whole is waited for") {
  CHECK(verdict("GET / HTTP/1.1\r\nHost: x\r\n\r") == -1);
  CHECK(verdict("") == -1);
}

TEST_CASE("a hundred headers are taken and one more is too many") {
  std::string raw = "GET / HTTP/1.1\r\nHost: x\r\n";
  for (int i = 0; i < 99; ++i) raw += "X: y\r\n";
  CHECK(verdict(raw + "\r\n") == 0);
  CHECK(verdict(raw + "X: y\r\n\r\n") == 431);
}

TEST_CASE("a request's parts and wishes are read") {
  const RequestHead head = parsed(
      "POST /v1/x?y HTTP/1.1\r\nHost: h\r\nContent-Length: 12\r\nConnection: a, Close\r\n\r\n");
  CHECK(head.method == "POST");
  CHECK(head.target == "/v1/x?y");
  CHECK(head.headers.find("content-LENGTH") == "12");
  CHECK(head.headers.size() == 3);
  CHECK(head.framing == Framing::kLength);
  CHECK(head.length == 12);
  CHECK_FALSE(head.keep_alive);
  CHECK(parsed("GET / HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\n").keep_alive);
  CHECK_FALSE(parsed("GET / HTTP/1.0\r\n\r\n").keep_alive);
  CHECK(parsed("GET / HTTP/1.1\r\nHost: h\r\nContent-Length: 0\r\n\r\n").framing == Framing::kNone);
}

TEST_CASE("a reply's framing follows from its status, its headers and the request") {
  const std::string_view length = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n";
  CHECK(parsed_reply(length).framing == Framing::kLength);
  CHECK(parsed_reply(length, true).framing == Framing::kNone);
  CHECK(parsed_reply(length, true).length == 5);
  CHECK(parsed_reply("HTTP/1.1 200\r\nTransfer-Encoding: chunked\r\n\r\n").framing ==
        Framing::kChunked);
  const ResponseHead open = parsed_reply("HTTP/1.1 200 All fine\r\n\r\n");
  CHECK(open.framing == Framing::kUntilClose);
  CHECK(open.reason == "All fine");
  CHECK_FALSE(open.keep_alive);
  CHECK(parsed_reply("HTTP/1.1 204 \r\n\r\n").framing == Framing::kNone);
  CHECK(parsed_reply("HTTP/1.1 304 x\r\nContent-Length: 7\r\n\r\n").framing == Framing::kNone);
}

TEST_CASE("a reply that must have no body and announces one does not keep its connection") {
  CHECK(parsed_reply("HTTP/1.1 204 x\r\nContent-Length: 0\r\n\r\n").keep_alive);
  CHECK_FALSE(parsed_reply("HTTP/1.1 204 x\r\nContent-Length: 7\r\n\r\n").keep_alive);
  CHECK_FALSE(parsed_reply("HTTP/1.1 204 x\r\nTransfer-Encoding: chunked\r\n\r\n").keep_alive);
  CHECK(reply_verdict("HTTP/1.1 103 x\r\nContent-Length: 7\r\n\r\n") != 0);
  CHECK(reply_verdict("HTTP/1.1 103 x\r\nTransfer-Encoding: chunked\r\n\r\n") != 0);
}

TEST_CASE("malformed replies are refused") {
  const std::string_view bad[] = {
      "HTTP/1.1 20 OK\r\n\r\n",
      "HTTP/1.1 2000 OK\r\n\r\n",
      "HTTP/1.1 -20 OK\r\n\r\n",
      "HTTP/1.1  200 OK\r\n\r\n",
      "HTTP/1.1 099 OK\r\n\r\n",
      "HTTP/1.1\r\n\r\n",
      "ICY 200 OK\r\n\r\n",
      "HTTP/1.1 200 OK\n\n",
      "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 1\r\n\r\n",
      "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n",
      "HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n",
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\n",
      "HTTP/1.1 200 O\x01K\r\n\r\n",
  };
  for (const std::string_view raw : bad) {
    CAPTURE(raw);
    CHECK(reply_verdict(raw) != 0);
  }
}

TEST_CASE("what is written is parsed back the same, without the headers of one connection") {
  const Header headers[] = {
      {"X-One", "1"},     {"Connection", "close"}, {"Content-Length", "9"}, {"Keep-Alive", "x"},
      {"TE", "trailers"}, {"Expect", "x"},         {"Accept", "text/html"}};
  std::string raw;
  REQUIRE(write_request_head(raw, "PUT", "/p?q", "h:1", headers,
                             {.framing = Framing::kLength, .length = 42})
              .has_value());
  CHECK(raw ==
        "PUT /p?q HTTP/1.1\r\nHost: h:1\r\nX-One: 1\r\nAccept: text/html\r\n"
        "Content-Length: 42\r\n\r\n");
  CHECK(parsed(raw).length == 42);
  REQUIRE(
      write_response_head(raw, 404, headers, {.framing = Framing::kChunked, .keep_alive = false})
          .has_value());
  const ResponseHead reply = parsed_reply(raw);
  CHECK(reply.status == 404);
  CHECK(reply.reason == "Not Found");
  CHECK(reply.framing == Framing::kChunked);
  CHECK_FALSE(reply.keep_alive);
  CHECK(reply.headers.find("accept") == "text/html");
}

TEST_CASE("nothing that is written can break out of its line") {
  std::string raw;
  const Header bad_value[] = {{"X", "a\r\nY: b"}};
  const Header bad_name[] = {{"X: a\r\nY", "b"}};
  CHECK_FALSE(write_response_head(raw, 200, bad_value, {}).has_value());
  CHECK_FALSE(write_response_head(raw, 200, bad_name, {}).has_value());
  CHECK_FALSE(write_request_head(raw, "GET", "/ HTTP/1.1\r\nX: y", "h", {}, {}).has_value());
  CHECK_FALSE(write_request_head(raw, "GET x", "/", "h", {}, {}).has_value());
}
