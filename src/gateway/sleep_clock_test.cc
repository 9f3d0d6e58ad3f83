#include "gateway/sleep_clock.h"

#include <doctest/doctest.h>

using namespace corral;
using namespace corral::gateway;

TEST_CASE("a machine has slept when its time asleep has grown, and only once") {
  SleepClock clock(seconds(100));
  CHECK_FALSE(clock.has_slept(seconds(100)));
  CHECK_FALSE(clock.has_slept(seconds(100) + milliseconds(999)));
  CHECK_FALSE(clock.has_slept(seconds(100) - milliseconds(1)));  // of two readings
  CHECK(clock.has_slept(seconds(101)));
  CHECK(clock.wake(seconds(160)) == seconds(60));
  CHECK_FALSE(clock.has_slept(seconds(160)));
}

TEST_CASE("a sleep that was announced and does not come is waited for a minute, awake") {
  const Instant now{};
  SleepClock clock(seconds(0));
  CHECK_FALSE(clock.is_overdue(now + seconds(1000)));  // nobody announced any
  clock.announce(now);
  CHECK_FALSE(clock.is_overdue(now + seconds(59)));
  CHECK(clock.is_overdue(now + seconds(60)));
  CHECK(clock.wake(seconds(0)) == seconds(0));
  CHECK_FALSE(clock.is_overdue(now + seconds(120)));
}
