#include "io/stream.h"

#include <doctest/doctest.h>

#include <array>

#include "io/listener.h"
#include "io/race.h"

using namespace corral;
using namespace corral::io;

namespace {

// Two ends of one connection over loopback.
struct Pair {
  Stream near;
  Stream far;
};

Task<Pair> make_pair(Loop& loop) {
  Result<Listener> listener = Listener::bind(loop, "127.0.0.1", 0);
  REQUIRE(listener.has_value());
  Result<Stream> near = co_await connect_tcp(loop, "127.0.0.1", listener->port());
  REQUIRE(near.has_value());
  Result<Stream> far = co_await listener->accept();
  REQUIRE(far.has_value());
  co_return Pair{std::move(*near), std::move(*far)};
}

Task<std::size_t> read_to_end(Stream& stream) {
  std::array<char, 4096> buffer;
  std::size_t total = 0;
  while (true) {
    const Result<std::size_t> count = co_await stream.read(buffer);
    if (!count.has_value() || *count == 0) co_return total;
    total += *count;
  }
}

Task<void> write_all(Stream& stream, const std::string& text, bool& written) {
  const Result<void> result = co_await stream.write(text);
  written = result.has_value();
}

template <class Body>
void run(Body body) {
  Loop loop;
  loop.run(body(loop));
}

}  // namespace

TEST_CASE("what one end writes the other end reads, and the end of the stream is seen") {
  run([](Loop& loop) -> Task<void> {
    Pair pair = co_await make_pair(loop);
    const Result<void> written = co_await pair.near.write("hello");
    REQUIRE(written.has_value());
    std::array<char, 16> buffer;
    const Result<std::size_t> count = co_await pair.far.read(buffer);
    CHECK(count == 5U);
    pair.near = Stream();
    const Result<std::size_t> end = co_await pair.far.read(buffer);
    CHECK(end == 0U);
  });
}

TEST_CASE("a writer waits while nobody reads and goes on when somebody does") {
  run([](Loop& loop) -> Task<void> {
    Pair pair = co_await make_pair(loop);
    const std::string big(32 * 1024 * 1024, 'x');
    bool written = false;
    Task<void> writer = write_all(pair.near, big, written);
    writer.start();
    co_await sleep(loop, milliseconds(20));
    CHECK_FALSE(written);
    Task<std::size_t> reading = read_to_end(pair.far);
    // The writer's end closes when it is done, which ends the reading.
    auto close_after = [](Loop& l, Task<void> task, Pair& p, bool& done) -> Task<void> {
      while (!done) co_await sleep(l, milliseconds(1));
      task = Task<void>();
      p.near = Stream();
    };
    Task<void> closer = close_after(loop, std::move(writer), pair, written);
    closer.start();
    const std::size_t total = co_await std::move(reading);
    CHECK(total == big.size());
  });
}

TEST_CASE("a connection that closes is noticed while nobody reads") {
  run([](Loop& loop) -> Task<void> {
    Pair pair = co_await make_pair(loop);
    pair.near = Stream();
    const bool noticed = co_await pair.far.closed().wait_for(seconds(10));
    CHECK(noticed);
  });
}

TEST_CASE("a cancelled read gives its buffer back and loses no byte") {
  run([](Loop& loop) -> Task<void> {
    Pair pair = co_await make_pair(loop);
    {
      std::array<char, 16> gone;
      Task<Result<std::size_t>> reading = pair.far.read(gone);
      reading.start();
    }
    const Result<void> written = co_await pair.near.write("kept");
    REQUIRE(written.has_value());
    std::array<char, 16> buffer;
    const Result<std::size_t> count = co_await pair.far.read(buffer);
    CHECK(count == 4U);
  });
}

TEST_CASE("a cancelled write of any size leaves nothing dangling") {
  run([](Loop& loop) -> Task<void> {
    Pair pair = co_await make_pair(loop);
    {
      const std::string big(32 * 1024 * 1024, 'x');
      bool written = false;
      Task<void> writer = write_all(pair.near, big, written);
      writer.start();
    }
    pair.near = Stream();
    const bool noticed = co_await pair.far.closed().wait_for(milliseconds(0));
    CHECK_FALSE(noticed);
  });
}

TEST_CASE("a refused connection and an address that is none are told apart") {
  run([](Loop& loop) -> Task<void> {
    std::uint16_t free_port = 0;
    {
      Result<Listener> listener = Listener::bind(loop, "127.0.0.1", 0);
      REQUIRE(listener.has_value());
      free_port = listener->port();
    }
    co_await sleep(loop, milliseconds(1));
    const Result<Stream> refused = co_await connect_tcp(loop, "127.0.0.1", free_port);
    REQUIRE_FALSE(refused.has_value());
    CHECK(refused.error().code == Code::kUnavailable);
    const Result<Stream> no_address = co_await connect_tcp(loop, "no address", 1);
    REQUIRE_FALSE(no_address.has_value());
    CHECK(no_address.error().code == Code::kInvalid);
  });
}

TEST_CASE("a port that is taken is refused with a sentence") {
  run([](Loop& loop) -> Task<void> {
    Result<Listener> first = Listener::bind(loop, "127.0.0.1", 0);
    REQUIRE(first.has_value());
    const Result<Listener> second = Listener::bind(loop, "127.0.0.1", first->port());
    REQUIRE_FALSE(second.has_value());
    CHECK(second.error().code == Code::kUnavailable);
    co_await sleep(loop, milliseconds(0));
  });
}

TEST_CASE("a read that has expired ends with a timeout and leaves the writing alone") {
  run([](Loop& loop) -> Task<void> {
    Pair pair = co_await make_pair(loop);
    auto expire = [](Stream& stream, Loop& l) -> Task<void> {
      co_await sleep(l, milliseconds(1));
      stream.expire_read();
    };
    Task<void> expiring = expire(pair.far, loop);
    expiring.start();
    std::array<char, 16> buffer;
    const Result<std::size_t> late = co_await pair.far.read(buffer);
    REQUIRE_FALSE(late.has_value());
    CHECK(late.error().code == Code::kTimeout);
    const Result<void> written = co_await pair.far.write("bye");
    CHECK(written.has_value());
    pair.far.finish_writing();
    const std::size_t total = co_await read_to_end(pair.near);
    CHECK(total == 3);
  });
}

TEST_CASE("a stream whose write was given up is never woken for it and takes no other") {
  run([](Loop& loop) -> Task<void> {
    Pair pair = co_await make_pair(loop);
    {
      const std::string big(32 * 1024 * 1024, 'x');
      bool written = false;
      Task<void> writer = write_all(pair.near, big, written);
      writer.start();
    }
    const Result<void> refused = co_await pair.near.write("more");
    CHECK_FALSE(refused.has_value());
    // libuv still writes the rest, and reports that nobody waits for it any more.
    std::array<char, 64 * 1024> buffer;
    std::size_t total = 0;
    while (total < 32 * 1024 * 1024) {
      const Result<std::size_t> count = co_await pair.far.read(buffer);
      REQUIRE(count.has_value());
      total += *count;
    }
    co_await sleep(loop, milliseconds(1));
    CHECK(total == 32 * 1024 * 1024);
  });
}

TEST_CASE("a write to a connection that was closed is an error and not a signal") {
  run([](Loop& loop) -> Task<void> {
    Pair pair = co_await make_pair(loop);
    pair.far = Stream();
    const bool closed = co_await pair.near.closed().wait_for(seconds(10));
    CHECK(closed);
    Result<void> written;
    while (written.has_value()) {
      written = co_await pair.near.write("anybody?");
      co_await sleep(loop, milliseconds(1));
    }
    CHECK(written.error().code == Code::kClosed);
  });
}
