#include "engine/start_clock.h"

#include <doctest/doctest.h>

using namespace corral;
using namespace corral::engine;

namespace {

constexpr Instant kBegin = Instant() + seconds(1000);

Instant at(int second) { return kBegin + seconds(second); }

ProcessUsage used(Duration cpu, std::uint64_t bytes = 0) {
  return {.cpu = cpu, .bytes_read = bytes, .processes = 1};
}

}  // namespace

TEST_CASE("a start without progress has its limit and no more") {
  StartClock clock(kBegin, seconds(120));
  CHECK(clock.deadline() == at(120));
  clock.note_usage(at(60), used(milliseconds(500)));
  CHECK(clock.deadline() == at(120));
}

TEST_CASE("each word of progress gives a start its whole limit anew, for as long as they come") {
  StartClock clock(kBegin, seconds(120));
  for (int second = 100; second < 10'000; second += 100) {
    clock.note_word(at(second));
    CHECK(clock.deadline() == at(second + 120));
  }
}

TEST_CASE("work gives a start its limit anew, up to ten limits in all") {
  StartClock clock(kBegin, seconds(10));
  Duration cpu{};
  for (int second = 5; second < 200; second += 5) {
    cpu += milliseconds(300);
    clock.note_usage(at(second), used(cpu));
    CHECK(clock.deadline() == at(std::min(second + 10, 100)));
  }
}

TEST_CASE("words carry a start further than work does, and work takes nothing back") {
  StartClock clock(kBegin, seconds(10));
  clock.note_word(at(150));
  CHECK(clock.deadline() == at(160));
  clock.note_usage(at(155), used(seconds(100)));
  CHECK(clock.deadline() == at(160));
}

TEST_CASE("reading from disk is work, a page now and then is not") {
  StartClock clock(kBegin, seconds(10));
  clock.note_usage(at(5), used({}, 4096));
  CHECK(clock.deadline() == at(10));
  clock.note_usage(at(6), used({}, 2 * 1024 * 1024));
  CHECK(clock.deadline() == at(16));
}

TEST_CASE("processes that end do not hide the work of those that remain") {
  StartClock clock(kBegin, seconds(10));
  clock.note_usage(at(2), used(seconds(2)));
  clock.note_usage(at(4), used(milliseconds(10)));
  CHECK(clock.deadline() == at(12));
  clock.note_usage(at(6), used(milliseconds(500)));
  CHECK(clock.deadline() == at(16));
}

TEST_CASE("looks are frequent beside the limit, and never behind the deadline") {
  const StartClock clock(kBegin, seconds(8));
  CHECK(clock.next_look(kBegin) == seconds(1));
  CHECK(clock.next_look(at(8) - milliseconds(100)) == milliseconds(100));
  CHECK(clock.next_look(at(9)) == Duration::zero());
  CHECK(StartClock(kBegin, std::chrono::hours(1)).next_look(kBegin) == seconds(15));
}
