#include "http/server.h"

#include "http/test_server.h"

// After the above, whose CHECK is another.
#include <doctest/doctest.h>

using namespace corral;
using namespace corral::http;
using namespace corral::http::testing;
using corral::io::Loop;
using corral::io::Task;

namespace {

// Answers with the method, the target and the body of the request.
Task<void> echo(Exchange& exchange) {
  std::string text =
      std::string(exchange.request().method) + " " + std::string(exchange.request().target) + " ";
  while (true) {
    const Result<std::string_view> piece = co_await exchange.read_body();
    if (!piece.has_value()) co_return;
    if (piece->empty()) break;
    text.append(*piece);
  }
  co_await exchange.reply(200, {}, text);
}

// Answers without a look at the body.
Task<void> answer(Exchange& exchange) { co_await exchange.reply(200, {}, "ok"); }

Task<void> stream_three(Exchange& exchange) {
  co_await exchange.begin(200, {}, Framing::kChunked);
  co_await exchange.send("one");
  co_await exchange.send("two");
  co_await exchange.end("three");
}

std::size_t count(std::string_view text, std::string_view part) {
  std::size_t times = 0;
  for (std::size_t at = text.find(part); at != text.npos; at = text.find(part, at + 1)) ++times;
  return times;
}

}  // namespace

TEST_CASE("pipelined requests are answered one after another on one connection") {
  run([](Loop& loop) -> Task<void> {
    TestServer server(loop, echo);
    const std::string text =
        co_await converse(loop, server->port(),
                          "GET /1 HTTP/1.1\r\nHost: x\r\n\r\n"
                          "POST /2 HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nhello"
                          "POST /3 HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: "
                          "chunked\r\n\r\n2\r\nab\r\n1\r\nc\r\n0\r\n"
                          "\r\nGET /4 HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
    CHECK(text ==
          "HTTP/1.1 200 OK\r\nContent-Length: 7\r\n\r\nGET /1 "
          "HTTP/1.1 200 OK\r\nContent-Length: 13\r\n\r\nPOST /2 hello"
          "HTTP/1.1 200 OK\r\nContent-Length: 11\r\n\r\nPOST /3 abc"
          "HTTP/1.1 200 OK\r\nContent-Length: 7\r\nConnection: close\r\n\r\nGET /4 ");
  });
}

TEST_CASE("a request that arrives byte by byte is understood") {
  run([](Loop& loop) -> Task<void> {
    TestServer server(loop, echo);
    Peer peer = co_await Peer::connect(loop, server->port());
    const std::string raw =
        "POST /a HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n";
    for (const char c : raw) {
      co_await peer.write(std::string(1, c));
      co_await io::sleep(loop, std::chrono::microseconds(100));  // lets the server read it alone
    }
    const std::string text = co_await peer.read_past("abc");
    CHECK(text.ends_with("POST /a abc"));
  });
}

TEST_CASE("a streamed reply is chunked, and goes until the close for an HTTP/1.0 client") {
  run([](Loop& loop) -> Task<void> {
    TestServer server(loop, stream_three);
    const std::string chunked = co_await converse(
        loop, server->port(), "GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
    CHECK(
        chunked.ends_with("Transfer-Encoding: chunked\r\nConnection: close\r\n\r\n"
                          "3\r\none\r\n3\r\ntwo\r\n5\r\nthree\r\n0\r\n\r\n"));
    const std::string old = co_await converse(loop, server->port(), "GET / HTTP/1.0\r\n\r\n");
    CHECK(old == "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nonetwothree");
  });
}

TEST_CASE("an HTTP/1.0 connection stays open when its client asks for it") {
  run([](Loop& loop) -> Task<void> {
    TestServer server(loop, answer);
    const std::string text =
        co_await converse(loop, server->port(),
                          "GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\nGET / HTTP/1.0\r\n\r\n");
    CHECK(count(text, "HTTP/1.1 200 OK") == 2);
    CHECK(count(text, "Connection: keep-alive") == 1);
  });
}

TEST_CASE("a HEAD request gets the head alone") {
  run([](Loop& loop) -> Task<void> {
    TestServer server(loop, answer);
    const std::string text =
        co_await converse(loop, server->port(),
                          "HEAD / HTTP/1.1\r\nHost: x\r\n\r\n"
                          "HEAD / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
    CHECK(text ==
          "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n"
          "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\n");
  });
}

TEST_CASE("a client that waits to be asked for its body is asked when the handler reads") {
  run([](Loop& loop) -> Task<void> {
    TestServer server(loop, echo);
    Peer peer = co_await Peer::connect(loop, server->port());
    co_await peer.write(
        "POST / HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\n");
    const std::string go_on = co_await peer.read_past("\r\n\r\n");
    CHECK(go_on == "HTTP/1.1 100 Continue\r\n\r\n");
    co_await peer.write("abc");
    const std::string text = co_await peer.read_past("abc");
    CHECK(text.ends_with("POST / abc"));
  });
}

TEST_CASE("a client that waits to be asked and is not gets the reply and the close") {
  run([](Loop& loop) -> Task<void> {
    ServerLimits limits;
    limits.body_idle = milliseconds(20);
    TestServer server(loop, answer, limits);
    const std::string text = co_await converse(
        loop, server->port(),
        "POST / HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\n");
    CHECK(text == "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok");
  });
}

TEST_CASE("a malformed head is answered once, and what follows it is never served") {
  run([](Loop& loop) -> Task<void> {
    TestServer server(loop, echo);
    const std::string hidden = "GET /hidden HTTP/1.1\r\nHost: x\r\n\r\n";
    struct Case {
      std::string raw;
      std::string status;
    };
    const Case cases[] = {
        {"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nTransfer-Encoding: "
         "chunked\r\n\r\n0\r\n\r\n",
         "400 "},
        {"GET / HTTP/1.1\r\nHost: x\nX: y\r\n\r\n", "400 "},
        {"GET / HTTP/3.0\r\nHost: x\r\n\r\n", "505 "},
        {"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: gzip\r\n\r\n", "501 "},
        {"GET /" + std::string(70000, 'a') + " HTTP/1.1\r\nHost: x\r\n\r\n", "431 "},
    };
    for (const Case& c : cases) {
      const std::string text = co_await converse(loop, server->port(), c.raw + hidden);
      CAPTURE(text);
      CHECK(text.starts_with("HTTP/1.1 " + c.status));
      CHECK(text.find("\r\nContent-Type: application/json\r\n") != std::string::npos);
      CHECK(text.find("\r\nConnection: close\r\n") != std::string::npos);
      CHECK(count(text, "Content-Length: ") == 1);
    }
  });
}

TEST_CASE("a malformed chunk ends the handler's reading and the connection") {
  run([](Loop& loop) -> Task<void> {
    TestServer server(loop, echo);
    const std::string text =
        co_await converse(loop, server->port(),
                          "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
                          "3\r\nabcX\r\n0\r\n\r\nGET /hidden HTTP/1.1\r\nHost: x\r\n\r\n");
    CHECK(text.empty());
  });
}

TEST_CASE("a reply to a malformed body says that the connection closes") {
  run([](Loop& loop) -> Task<void> {
    auto handler = [](Exchange& exchange) -> Task<void> {
      const Result<std::string_view> piece = co_await exchange.read_body();
      const int status = piece.has_value() ? 200 : 400;
      co_await exchange.reply(status, {}, "x");
    };
    TestServer server(loop, handler);
    const std::string text =
        co_await converse(loop, server->port(),
                          "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
                          "-1\r\na\r\n0\r\n\r\n");
    CHECK(text.starts_with("HTTP/1.1 400 "));
    CHECK(text.find("\r\nConnection: close\r\n") != std::string::npos);
  });
}

TEST_CASE("a head that stays away is refused and an idle connection is closed") {
  run([](Loop& loop) -> Task<void> {
    ServerLimits limits;
    limits.head_time = limits.idle_time = milliseconds(20);
    TestServer server(loop, echo, limits);
    const std::string slow = co_await converse(loop, server->port(), "GET / HT");
    CHECK(slow.starts_with("HTTP/1.1 408 "));
    const std::string idle = co_await converse(loop, server->port(), "");
    CHECK(idle.empty());
  });
}

TEST_CASE("a body that stays away ends the handler's wait with a timeout") {
  run([](Loop& loop) -> Task<void> {
    ServerLimits limits;
    limits.body_idle = milliseconds(20);
    auto handler = [](Exchange& exchange) -> Task<void> {
      const Result<std::string_view> piece = co_await exchange.read_body();
      const bool late = !piece.has_value() && piece.error().code == Code::kTimeout;
      co_await exchange.reply(late ? 408 : 200, {}, "");
    };
    TestServer server(loop, handler, limits);
    const std::string text = co_await converse(
        loop, server->port(), "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\n");
    CHECK(text.starts_with("HTTP/1.1 408 "));
  });
}

TEST_CASE("a client that does not read ends the handler's write with a timeout") {
  run([](Loop& loop) -> Task<void> {
    ServerLimits limits;
    limits.write_stall = milliseconds(20);
    static Code code = Code::kInternal;
    auto handler = [](Exchange& exchange) -> Task<void> {
      const std::string big(64 * 1024 * 1024, 'x');
      const Result<void> sent = co_await exchange.reply(200, {}, big);
      if (!sent.has_value()) code = sent.error().code;
    };
    TestServer server(loop, handler, limits);
    Peer peer = co_await Peer::connect(loop, server->port());
    co_await peer.write("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
    while (code == Code::kInternal) co_await io::sleep(loop, milliseconds(1));
    CHECK(code == Code::kTimeout);
  });
}

TEST_CASE("a small body that the handler leaves is dropped and a large one ends the connection") {
  run([](Loop& loop) -> Task<void> {
    TestServer server(loop, answer);
    const std::string small = co_await converse(
        loop, server->port(),
        "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 100000\r\n\r\n" + std::string(100000, 'x') +
            "GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
    CHECK(count(small, "HTTP/1.1 200 OK") == 2);
    const std::string large =
        co_await converse(loop, server->port(),
                          "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 300000\r\n\r\n" +
                              std::string(300000, 'x') + "GET / HTTP/1.1\r\nHost: x\r\n\r\n");
    CHECK(count(large, "HTTP/1.1 200 OK") == 1);
  });
}

TEST_CASE("a client that leaves is seen by a handler that waits for something else") {
  run([](Loop& loop) -> Task<void> {
    static bool seen = false;
    auto handler = [](Exchange& exchange) -> Task<void> {
      co_await exchange.begin(200, {}, Framing::kChunked);
      co_await exchange.send("begun");
      seen = co_await exchange.client_gone().wait_for(seconds(10));
    };
    TestServer server(loop, handler);
    {
      Peer peer = co_await Peer::connect(loop, server->port());
      co_await peer.write("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
      const std::string begun = co_await peer.read_past("begun");
      CHECK(begun.ends_with("begun"));
    }
    server->drain();
    co_await server->drained();
    CHECK(seen);
    CHECK(server->connections() == 0);
  });
}

TEST_CASE("a reply that its handler leaves or aborts has no well-formed end") {
  run([](Loop& loop) -> Task<void> {
    auto handler = [](Exchange& exchange) -> Task<void> {
      if (exchange.request().target == "/silent") co_return;
      co_await exchange.begin(200, {}, Framing::kChunked);
      co_await exchange.send("part");
      exchange.abort();
      const Result<void> ended = co_await exchange.end();
      CHECK_FALSE(ended.has_value());
    };
    TestServer server(loop, handler);
    const std::string cut =
        co_await converse(loop, server->port(), "GET / HTTP/1.1\r\nHost: x\r\n\r\n");
    CHECK(cut.ends_with("part\r\n"));
    const std::string silent =
        co_await converse(loop, server->port(), "GET /silent HTTP/1.1\r\nHost: x\r\n\r\n");
    CHECK(silent.empty());
  });
}

TEST_CASE("a draining server closes idle connections and lets a request end") {
  run([](Loop& loop) -> Task<void> {
    static io::Event* go = nullptr;
    io::Event event(loop);
    go = &event;
    auto handler = [](Exchange& exchange) -> Task<void> {
      co_await exchange.begin(200, {}, Framing::kLength, 4);
      if (exchange.request().target == "/wait") co_await go->wait();
      co_await exchange.end("done");
    };
    TestServer server(loop, handler);
    Peer idle = co_await Peer::connect(loop, server->port());
    co_await idle.write("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
    const std::string first = co_await idle.read_past("done");
    CHECK(first.ends_with("done"));
    Peer busy = co_await Peer::connect(loop, server->port());
    co_await busy.write("GET /wait HTTP/1.1\r\nHost: x\r\n\r\n");
    while (server->connections() < 2) co_await io::sleep(loop, milliseconds(1));
    co_await io::sleep(loop, milliseconds(1));
    server->drain();
    const std::string nothing = co_await idle.read_to_end();
    CHECK(nothing.empty());
    event.set();
    const std::string last = co_await busy.read_to_end();
    CHECK(last.ends_with("done"));
    co_await server->drained();
    CHECK(server->connections() == 0);
    const Result<io::Stream> refused = co_await io::connect_tcp(loop, "127.0.0.1", server->port());
    CHECK_FALSE(refused.has_value());
  });
}

TEST_CASE("a server that goes while a handler waits cancels it") {
  run([](Loop& loop) -> Task<void> {
    static int alive = 0;
    struct Alive {
      Alive() { ++alive; }
      ~Alive() { --alive; }
    };
    auto handler = [](Exchange& exchange) -> Task<void> {
      const Alive guard;
      co_await exchange.client_gone().wait();
    };
    Peer peer{io::Stream()};
    {
      TestServer server(loop, handler);
      peer = co_await Peer::connect(loop, server->port());
      co_await peer.write("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
      while (alive == 0) co_await io::sleep(loop, milliseconds(1));
    }
    CHECK(alive == 0);
    const std::string nothing = co_await peer.read_to_end();
    CHECK(nothing.empty());
  });
}

TEST_CASE("connections beyond the limit wait until another ends") {
  run([](Loop& loop) -> Task<void> {
    ServerLimits limits;
    limits.connections = 1;
    TestServer server(loop, answer, limits);
    Peer second{io::Stream()};
    {
      const Peer first = co_await Peer::connect(loop, server->port());
      second = co_await Peer::connect(loop, server->port());
      co_await second.write("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
      co_await io::sleep(loop, milliseconds(5));
      CHECK(server->connections() == 1);
    }
    const std::string text = co_await second.read_past("ok");
    CHECK(text.ends_with("ok"));
  });
}

TEST_CASE("a reply of a full server closes its connection") {
  run([](Loop& loop) -> Task<void> {
    ServerLimits limits;
    limits.connections = 2;
    TestServer server(loop, answer, limits);
    Peer first = co_await Peer::connect(loop, server->port());
    co_await first.write("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
    const std::string alone = co_await first.read_past("ok");
    CHECK(alone.find("Connection: close") == std::string::npos);
    Peer second = co_await Peer::connect(loop, server->port());
    co_await second.write("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
    const std::string text = co_await second.read_to_end();
    CHECK(text.find("Connection: close") != std::string::npos);
  });
}

TEST_CASE("an idle connection of a full server gives way, but not before its first request") {
  run([](Loop& loop) -> Task<void> {
    ServerLimits limits;
    limits.connections = 2;
    limits.idle_time_full = milliseconds(20);
    TestServer server(loop, answer, limits);
    Peer idle = co_await Peer::connect(loop, server->port());
    co_await idle.write("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
    co_await idle.read_past("ok");
    Peer fresh = co_await Peer::connect(loop, server->port());
    Peer third = co_await Peer::connect(loop, server->port());
    co_await third.write("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
    co_await third.read_past("ok");
    const std::string nothing = co_await idle.read_to_end();
    CHECK(nothing.empty());
    co_await fresh.write("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
    const std::string text = co_await fresh.read_past("ok");
    CHECK(text.ends_with("ok"));
  });
}
