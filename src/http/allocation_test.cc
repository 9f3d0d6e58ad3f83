// Counts what the streaming path allocates: the promise is none for an event and none for a body's
// next piece. Not under AddressSanitizer, where every coroutine frame is allocated on purpose.
#include <cstdlib>
#include <new>

#include "http/test_server.h"

// After the above, whose CHECK is another.
#include <doctest/doctest.h>

using namespace corral;
using namespace corral::http;
using namespace corral::http::testing;
using corral::io::Loop;
using corral::io::Task;

#if defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define CORRAL_NO_COUNT
#endif
#endif

#ifndef CORRAL_NO_COUNT

namespace {

std::size_t allocations = 0;

}  // namespace

void* operator new(std::size_t size) {
  ++allocations;
  void* memory = std::malloc(size);
  if (memory == nullptr) std::abort();
  return memory;
}
void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }

namespace {

constexpr std::size_t kEvents = 300;

// The client asks for each event, so that each one passes alone.
struct Engine {
  io::Event asked;

  Task<void> stream(Exchange& exchange) {
    co_await exchange.begin(200, {}, Framing::kChunked);
    for (std::size_t i = 0; i < kEvents; ++i) {
      co_await asked.wait();
      asked.clear();
      const Result<void> sent = co_await exchange.send("data: {\"token\":\"hello\"}\n\n");
      if (!sent.has_value()) co_return;
    }
    co_await exchange.end();
  }
};

struct Front {
  Client& client;
  Address engine;

  // A proxy as the gateway has one.
  Task<void> forward(Exchange& exchange) {
    const RequestHead& request = exchange.request();
    const RequestSpec spec{
        .method = request.method, .target = request.target, .headers = request.headers.all()};
    Result<Call> call = co_await client.open(engine, spec);
    co_await call->end_body();
    const Result<void> head = co_await call->read_head();
    if (!head.has_value()) co_return;
    co_await exchange.begin(call->head().status, call->head().headers.all(), call->head().framing);
    while (true) {
      const Result<std::string_view> piece = co_await call->read_body();
      if (!piece.has_value()) co_return;
      if (call->body_done()) {
        co_await exchange.end(*piece);
        co_return;
      }
      co_await exchange.send(*piece);
    }
  }
};

}  // namespace

TEST_CASE("an event that passes from an engine through a proxy to a client allocates nothing") {
  run([](Loop& loop) -> Task<void> {
    Engine source{io::Event(loop)};
    TestServer engine(loop, [&source](Exchange& exchange) { return source.stream(exchange); });
    Client client(loop);
    Front front{client, engine.address()};
    TestServer proxy(loop, [&front](Exchange& exchange) { return front.forward(exchange); });
    const RequestSpec spec{.method = "GET", .target = "/", .headers = {}};
    Result<Call> call = co_await client.open(proxy.address(), spec);
    REQUIRE(call.has_value());
    co_await call->end_body();
    source.asked.set();  // the head comes with the first event
    co_await call->read_head();
    std::size_t pieces = 0;
    std::size_t before = 0;
    std::size_t after = 0;
    while (true) {
      const Result<std::string_view> piece = co_await call->read_body();
      REQUIRE(piece.has_value());
      if (piece->empty()) break;
      source.asked.set();
      ++pieces;
      if (pieces == 100) before = allocations;
      if (pieces == 200) after = allocations;
    }
    CHECK(pieces == kEvents);
    CHECK(after == before);
  });
}

TEST_CASE("a request on a warm connection allocates little") {
  run([](Loop& loop) -> Task<void> {
    auto handler = [](Exchange& exchange) -> Task<void> { co_await exchange.reply(200, {}, "ok"); };
    TestServer server(loop, handler);
    Client client(loop);
    const RequestSpec spec{.method = "GET", .target = "/", .headers = {}};
    std::size_t before = 0;
    for (int i = 0; i < 200; ++i) {
      if (i == 100) before = allocations;
      Result<Call> call = co_await client.open(server.address(), spec);
      REQUIRE(call.has_value());
      co_await call->end_body();
      co_await call->read_head();
      const Result<std::string_view> body = co_await call->read_body();
      CHECK(*body == "ok");
    }
    CHECK(allocations - before < 100);
  });
}

#endif
