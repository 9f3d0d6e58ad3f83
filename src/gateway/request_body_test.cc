#include "gateway/request_body.h"

#include <doctest/doctest.h>

#include <array>

#include "io/race.h"

using namespace corral;
using namespace corral::gateway;

namespace {

// What came of one request to a server whose handler gathers the body and passes it on to a second
// server, twice if it can.
struct Outcome {
  bool gathered = false;
  bool whole = false;
  bool whole_afterwards = false;
  std::string error;
  std::string model;
  bool stream = false;
  std::uint64_t length = 0;
  std::vector<std::string> received;  // by the second server
};

// Both servers, and the client that passes bodies from the first to the second.
struct World {
  io::Loop& loop;
  Outcome& outcome;
  RequestBody::Reading reading;
  SpillBudget budget;
  http::Client client;
  http::Server sink;
  http::Server front;
  io::Task<void> serving_sink;
  io::Task<void> serving_front;

  static http::Server server(io::Loop& on, http::Handler handler) {
    Result<io::Listener> listener = io::Listener::bind(on, "127.0.0.1", 0);
    REQUIRE(listener.has_value());
    return http::Server(on, std::move(*listener), http::ServerLimits{}, std::move(handler),
                        [](int, std::string_view message) { return std::string(message); });
  }

  World(io::Loop& on, Outcome& out, RequestBody::Reading how)
      : loop(on),
        outcome(out),
        reading(how),
        client(on),
        sink(server(on, [this](http::Exchange& exchange) { return receive(exchange); })),
        front(server(on, [this](http::Exchange& exchange) { return pass_on(exchange); })) {
    serving_sink = sink.run();
    serving_front = front.run();
    serving_sink.start();
    serving_front.start();
  }

  http::Address address(const http::Server& of) const {
    return {.unix_path = {}, .host = "127.0.0.1", .port = of.port()};
  }

  io::Task<void> receive(http::Exchange& exchange) {
    std::string body;
    while (true) {
      const Result<std::string_view> piece = co_await exchange.read_body();
      if (!piece.has_value()) co_return;
      if (piece->empty()) break;
      body.append(*piece);
    }
    outcome.received.push_back(std::move(body));
    co_await exchange.reply(200, {}, "");
  }

  io::Task<void> pass_on(http::Exchange& exchange) {
    RequestBody body(exchange, budget, reading);
    const Result<void> gathered = co_await body.gather();
    outcome.gathered = gathered.has_value();
    if (!gathered.has_value()) {
      outcome.error = gathered.error().message;
      co_await exchange.reply(400, {}, "");
      co_return;
    }
    outcome.whole = body.whole();
    outcome.model = body.model().value;
    outcome.stream = body.wants_stream();
    outcome.length = body.length();
    const bool again = body.whole();
    co_await send_once(body);
    if (again) co_await send_once(body);
    outcome.whole_afterwards = body.whole();
    if (body.error()) outcome.error = body.error()->message;
    co_await exchange.reply(body.error() ? 400 : 200, {}, "");
  }

  io::Task<void> send_once(RequestBody& body) {
    const http::Address to = address(sink);
    http::RequestSpec spec{.method = "POST",
                           .target = "/",
                           .headers = {},
                           .framing = body.framing(),
                           .length = body.length()};
    Result<http::Call> call = co_await client.open(to, spec);
    REQUIRE(call.has_value());
    const Result<void> sent = co_await body.send(*call);
    if (sent.has_value()) co_await call->read_head();
  }
};

io::Task<void> post(World& world, std::string body, bool chunked) {
  http::RequestSpec spec{.method = "POST",
                         .target = "/",
                         .headers = {},
                         .framing = chunked ? http::Framing::kChunked : http::Framing::kLength,
                         .length = body.size()};
  const http::Address to = world.address(world.front);
  Result<http::Call> call = co_await world.client.open(to, spec);
  REQUIRE(call.has_value());
  for (std::size_t at = 0; at < body.size(); at += 100'000) {
    const std::string_view piece = std::string_view(body).substr(at, 100'000);
    const Result<void> sent = co_await call->send(piece);
    if (!sent.has_value()) co_return;
  }
  co_await call->end_body();
  co_await call->read_head();
}

Outcome pass(const std::string& body, bool chunked = false,
             RequestBody::Reading reading = RequestBody::Reading::kJson) {
  Outcome outcome;
  io::Loop loop;
  {
    World world(loop, outcome, reading);
    loop.run(post(world, body, chunked));
  }
  return outcome;
}

std::string padding(std::size_t size) { return "\"pad\":\"" + std::string(size, 'x') + "\""; }

}  // namespace

TEST_CASE("a small body is known whole and can be sent twice") {
  const std::string body = R"({"messages":[{"content":"hi"}],"stream":true,"model":"m"})";
  for (const bool chunked : {false, true}) {
    const Outcome outcome = pass(body, chunked);
    CHECK(outcome.whole);
    CHECK(outcome.model == "m");
    CHECK(outcome.stream);
    CHECK(outcome.length == body.size());
    CHECK(outcome.received == std::vector<std::string>{body, body});
  }
}

TEST_CASE("a large body with the model first passes on without being kept") {
  const std::string body = "{\"model\":\"m\"," + padding(3'000'000) + "}";
  for (const bool chunked : {false, true}) {
    const Outcome outcome = pass(body, chunked);
    CHECK_FALSE(outcome.whole);
    CHECK_FALSE(outcome.whole_afterwards);
    CHECK(outcome.model == "m");
    CHECK(outcome.received == std::vector<std::string>{body});
  }
}

TEST_CASE("a large body with the model last is kept in a file and can be sent twice") {
  const std::string body = "{" + padding(3'000'000) + ",\"model\":\"m\"}";
  const Outcome outcome = pass(body);
  CHECK(outcome.whole);
  CHECK(outcome.model == "m");
  CHECK(outcome.received == std::vector<std::string>{body, body});
}

TEST_CASE("what is not a JSON object is refused, whatever its size") {
  CHECK(pass("").error.find("empty") != std::string::npos);
  CHECK(pass("hello").error.find("not valid JSON") != std::string::npos);
  CHECK(pass("{\"model\":\"m\"").error.find("before the object is closed") != std::string::npos);
  const Outcome late = pass("{\"model\":\"m\"," + padding(3'000'000) + ",}");
  CHECK(late.gathered);
  CHECK(late.error.find("not valid JSON") != std::string::npos);
}

TEST_CASE("a blind body may be anything") {
  const std::string body = std::string("\0\xFF not json", 11) + std::string(2'000'000, 'z');
  const Outcome outcome = pass(body, true, RequestBody::Reading::kBlind);
  CHECK(outcome.received == std::vector<std::string>{body});
}
