#include "io/log_ring.h"

#include <doctest/doctest.h>

#include <vector>

using namespace corral;
using namespace corral::io;

namespace {

Task<void> note_when_past(LogRing& log, std::uint64_t offset, std::vector<std::uint64_t>& seen) {
  co_await log.past(offset);
  seen.push_back(offset);
}

}  // namespace

TEST_CASE("a log keeps everything until it is full, then its last bytes") {
  Loop loop;
  LogRing log(loop, 8);
  log.append("abc");
  CHECK(log.begin() == 0);
  CHECK(log.end() == 3);
  CHECK(log.from(0) == "abc");
  CHECK(log.from(1) == "bc");
  log.append("defgh");
  CHECK(log.from(0) == "abcdefgh");
  log.append("ij");
  CHECK(log.begin() == 2);
  CHECK(log.end() == 10);
  CHECK(log.from(0) == "cdefghij");
  CHECK(log.from(9) == "j");
  CHECK(log.from(10).empty());
  CHECK(log.from(1000).empty());
}

TEST_CASE("a log of any pieces equals the tail of the whole text") {
  Loop loop;
  std::string whole;
  LogRing log(loop, 13);
  for (std::size_t size = 0; size < 40; ++size) {
    const std::string piece(size, static_cast<char>('a' + size % 26));
    whole += piece;
    log.append(piece);
    const std::size_t kept = std::min<std::size_t>(whole.size(), 13);
    REQUIRE(log.end() == whole.size());
    REQUIRE(log.from(0) == whole.substr(whole.size() - kept));
    REQUIRE(log.begin() == whole.size() - kept);
  }
}

TEST_CASE("followers of a log wake when it grows past their offset, and not before") {
  Loop loop;
  loop.run([](Loop& on) -> Task<void> {
    LogRing log(on, 100);
    std::vector<std::uint64_t> seen;
    Task<void> near = note_when_past(log, 0, seen);
    Task<void> far = note_when_past(log, 4, seen);
    Task<void> gone = note_when_past(log, 0, seen);
    near.start();
    far.start();
    gone.start();
    gone.cancel();
    log.append("abc");
    co_await sleep(on, milliseconds(1));
    CHECK(seen == std::vector<std::uint64_t>{0});
    log.append("de");
    co_await sleep(on, milliseconds(1));
    CHECK(seen == std::vector<std::uint64_t>{0, 4});
    co_await log.past(2);  // long passed: returns at once
  }(loop));
}
