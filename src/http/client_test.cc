#include "http/client.h"

#include "http/test_server.h"

// After the above, whose CHECK is another.
#include <doctest/doctest.h>

using namespace corral;
using namespace corral::http;
using namespace corral::http::testing;
using corral::io::Loop;
using corral::io::Task;

namespace {

using Reply = Client::Reply;

// Sends the request's body back as it comes, in whatever framing.
Task<void> echo(Exchange& exchange) {
  co_await exchange.begin(200, {}, Framing::kChunked);
  while (true) {
    const Result<std::string_view> piece = co_await exchange.read_body();
    if (!piece.has_value()) co_return;
    if (piece->empty()) break;
    const Result<void> sent = co_await exchange.send(*piece);
    if (!sent.has_value()) co_return;
  }
  co_await exchange.end();
}

// A server that answers each connection in turn with fixed bytes, after the request's head, and
// closes it.
class Script {
 public:
  Script(Loop& loop, std::vector<std::string> answers)
      : listener_(*io::Listener::bind(loop, "127.0.0.1", 0)),
        answers_(std::move(answers)),
        running_(run()) {
    running_.start();
  }
  Address address() const { return Address{{}, "127.0.0.1", listener_.port()}; }
  std::size_t served() const { return served_; }

 private:
  Task<void> run() {
    while (served_ < answers_.size()) {
      Result<io::Stream> stream = co_await listener_.accept();
      Peer peer(std::move(*stream));
      co_await peer.read_past("\r\n\r\n");
      co_await peer.write(answers_[served_++]);
    }
  }

  io::Listener listener_;
  std::vector<std::string> answers_;
  std::size_t served_ = 0;
  Task<void> running_;
};

Task<Result<Reply>> get(Client& client, Address address, std::string target = "/") {
  Result<Reply> reply =
      co_await client.fetch(std::move(address), "GET", std::move(target), {}, "", seconds(10));
  co_return reply;
}

// What a GET of these bytes gives: the body, or the name of the error.
Task<std::string> outcome(Loop& loop, std::string answer) {
  Client client(loop);
  const Script script(loop, {std::move(answer)});
  const Result<Reply> reply = co_await get(client, script.address());
  if (reply.has_value()) co_return reply->body;
  if (reply.error().code == Code::kClosed) co_return "closed";
  if (reply.error().code == Code::kInvalid) co_return "invalid";
  co_return "other: " + reply.error().message;
}

}  // namespace

TEST_CASE("requests one after another share one connection") {
  run([](Loop& loop) -> Task<void> {
    TestServer server(loop, echo);
    Client client(loop);
    for (int i = 0; i < 3; ++i) {
      const Result<Reply> reply =
          co_await client.fetch(server.address(), "POST", "/", {}, "hello", seconds(10));
      REQUIRE(reply.has_value());
      CHECK(reply->status == 200);
      CHECK(reply->body == "hello");
      CHECK(client.idle(server.address()) == 1);
      CHECK(server->connections() == 1);
    }
    client.forget(server.address());
    CHECK(client.idle(server.address()) == 0);
  });
}

TEST_CASE("a reply's end, its cut and its nonsense are told apart") {
  run([](Loop& loop) -> Task<void> {
    const std::string head = "HTTP/1.1 200 OK\r\n";
    const std::string chunked = head + "Transfer-Encoding: chunked\r\n\r\n";
    struct Case {
      std::string answer;
      std::string expected;
    };
    const Case cases[] = {
        {head + "Content-Length: 5\r\n\r\nhello", "hello"},
        {head + "Content-Length: 5\r\n\r\nhell", "closed"},
        {chunked + "5\r\nhello\r\n0\r\n\r\n", "hello"},
        {chunked + "5\r\nhello\r\n", "closed"},
        {chunked + "5\r\nhel", "closed"},
        {chunked + "5\r\nhello\r\n0\r\n", "closed"},
        {chunked + "5\r\nhelloX", "invalid"},
        {head + "\r\nuntil the close", "until the close"},
        {"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nX: y\r\n\r\n" + head +
             "Content-Length: 1\r\n\r\na",
         "a"},
        {"HTTP/1.1 101 Switching Protocols\r\n\r\n", "invalid"},
        {"HTTP/1.1 200 OK\r\nContent-Le", "closed"},
        {"", "closed"},
        {"hello\r\n\r\n", "invalid"},
        {head + "Content-Length: 1\r\nContent-Length: 1\r\n\r\na", "invalid"},
        {head + "Content-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\na", "invalid"},
    };
    for (const Case& c : cases) {
      CAPTURE(c.answer);
      const std::string result = co_await outcome(loop, c.answer);
      CHECK(result == c.expected);
    }
  });
}

TEST_CASE("a pooled connection that has closed is replaced") {
  run([](Loop& loop) -> Task<void> {
    const std::string answer = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
    Script script(loop, {answer, answer});
    Client client(loop);
    for (std::size_t i = 1; i <= 2; ++i) {
      const Result<Reply> reply = co_await get(client, script.address());
      REQUIRE(reply.has_value());
      CHECK(reply->body == "ok");
      CHECK(script.served() == i);
    }
  });
}

TEST_CASE("a connection is pooled only when its reply has ended cleanly and it stays open") {
  run([](Loop& loop) -> Task<void> {
    const std::string ok = "HTTP/1.1 200 OK\r\n";
    Client client(loop);
    for (const std::string& answer :
         {ok + "Content-Length: 2\r\nConnection: close\r\n\r\nok",
          ok + "Content-Length: 2\r\n\r\nok and more", ok + "\r\nok",
          std::string("HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nok")}) {
      CAPTURE(answer);
      const Script script(loop, {answer});
      const Result<Reply> reply = co_await get(client, script.address());
      REQUIRE(reply.has_value());
      CHECK(reply->body == "ok");
      CHECK(client.idle(script.address()) == 0);
    }
  });
}

TEST_CASE("a HEAD and a 204 have no body and keep their connection") {
  run([](Loop& loop) -> Task<void> {
    auto handler = [](Exchange& exchange) -> Task<void> {
      const int status = exchange.request().target == "/none" ? 204 : 200;
      co_await exchange.reply(status, {}, "text");
    };
    TestServer server(loop, handler);
    Client client(loop);
    const Result<Reply> head =
        co_await client.fetch(server.address(), "HEAD", "/", {}, "", seconds(10));
    REQUIRE(head.has_value());
    CHECK(head->body.empty());
    const Result<Reply> none = co_await get(client, server.address(), "/none");
    REQUIRE(none.has_value());
    CHECK(none->status == 204);
    CHECK(client.idle(server.address()) == 1);
    CHECK(server->connections() == 1);
  });
}

TEST_CASE("a body of any size passes both ways in pieces of bounded size") {
  run([](Loop& loop) -> Task<void> {
    TestServer server(loop, echo);
    Client client(loop);
    static constexpr std::uint64_t kTotal = 64 * 1024 * 1024;
    auto upload = [](Call& call, bool& sent) -> Task<void> {
      const std::string piece(64 * 1024, 'x');
      for (std::uint64_t at = 0; at < kTotal; at += piece.size()) {
        const Result<void> written = co_await call.send(piece);
        if (!written.has_value()) co_return;
      }
      const Result<void> ended = co_await call.end_body();
      sent = ended.has_value();
    };
    for (const Framing framing : {Framing::kLength, Framing::kChunked}) {
      const RequestSpec spec{.method = "POST",
                             .target = "/",
                             .headers = {},
                             .framing = framing,
                             .length = framing == Framing::kLength ? kTotal : 0};
      Result<Call> call = co_await client.open(server.address(), spec);
      REQUIRE(call.has_value());
      bool sent = false;
      const Task<void> uploading = [&] {
        Task<void> task = upload(*call, sent);
        task.start();
        return task;
      }();
      const Result<void> head = co_await call->read_head();
      REQUIRE(head.has_value());
      // Nobody reads for a while: the sender has to wait.
      co_await io::sleep(loop, milliseconds(20));
      CHECK_FALSE(sent);
      std::uint64_t total = 0;
      std::size_t largest = 0;
      while (true) {
        const Result<std::string_view> piece = co_await call->read_body();
        REQUIRE(piece.has_value());
        if (piece->empty()) break;
        total += piece->size();
        largest = std::max(largest, piece->size());
      }
      CHECK(sent);
      CHECK(total == kTotal);
      CHECK(largest <= 32 * 1024);
    }
  });
}

TEST_CASE("a reply that comes before the request is sent whole is read") {
  run([](Loop& loop) -> Task<void> {
    auto refuse = [](Exchange& exchange) -> Task<void> {
      co_await exchange.reply(413, {}, "too large");
    };
    TestServer server(loop, refuse);
    Client client(loop);
    const std::string big(64 * 1024 * 1024, 'x');
    const RequestSpec spec{.method = "POST",
                           .target = "/",
                           .headers = {},
                           .framing = Framing::kLength,
                           .length = big.size()};
    Result<Call> call = co_await client.open(server.address(), spec);
    REQUIRE(call.has_value());
    Task<Result<void>> sending = call->send(big);
    sending.start();
    const Result<void> head = co_await call->read_head();
    REQUIRE(head.has_value());
    CHECK(call->head().status == 413);
    const Result<std::string_view> body = co_await call->read_body();
    REQUIRE(body.has_value());
    CHECK(*body == "too large");
  });
}

TEST_CASE("a call that is dropped closes its connection at once") {
  run([](Loop& loop) -> Task<void> {
    static bool gone = false;
    auto handler = [](Exchange& exchange) -> Task<void> {
      co_await exchange.begin(200, {}, Framing::kChunked);
      co_await exchange.flush();
      gone = co_await exchange.client_gone().wait_for(seconds(10));
    };
    TestServer server(loop, handler);
    Client client(loop);
    {
      const RequestSpec spec{.method = "GET", .target = "/", .headers = {}};
      Result<Call> call = co_await client.open(server.address(), spec);
      REQUIRE(call.has_value());
      co_await call->end_body();
      const Result<void> head = co_await call->read_head();
      REQUIRE(head.has_value());
      CHECK_FALSE(call->reused());
      CHECK(call->reply_begun());
    }
    CHECK(client.idle(server.address()) == 0);
    server->drain();
    co_await server->drained();
    CHECK(gone);
  });
}

TEST_CASE("a server that is absent, silent or endless is an error with its kind") {
  run([](Loop& loop) -> Task<void> {
    auto handler = [](Exchange& exchange) -> Task<void> {
      if (exchange.request().target == "/silent") co_await exchange.client_gone().wait();
      const std::string big(100000, 'x');
      co_await exchange.reply(200, {}, big);
    };
    Client client(loop);
    Address address;
    {
      TestServer server(loop, handler);
      address = server.address();
      const Result<Reply> silent =
          co_await client.fetch(address, "GET", "/silent", {}, "", milliseconds(20));
      REQUIRE_FALSE(silent.has_value());
      CHECK(silent.error().code == Code::kTimeout);
      const Result<Reply> endless =
          co_await client.fetch(address, "GET", "/", {}, "", seconds(10), 1000);
      REQUIRE_FALSE(endless.has_value());
      CHECK(endless.error().code == Code::kLimit);
    }
    co_await io::sleep(loop, milliseconds(1));
    const Result<Reply> absent = co_await get(client, address);
    REQUIRE_FALSE(absent.has_value());
    CHECK(absent.error().code == Code::kUnavailable);
  });
}
