// SleepClock: whether the machine has woken, by what its clocks say and what was announced. Pure.
#pragma once

#include <optional>
#include <utility>

#include "base/time.h"

namespace corral::gateway {

class SleepClock {
 public:
  // `asleep` as of io::time_asleep(), here and below. A program that was merely stopped for a
  // while, or a person who sets the time of day, does not change it.
  explicit SleepClock(Duration asleep) : asleep_(asleep) {}

  // Somebody said that the machine is about to sleep.
  void announce(Instant now) { announced_ = now; }

  // It has slept since the last wake(); or what was announced has not come within kLongestWait, and
  // whoever announced it is silent: then it must not be waited for any longer.
  bool has_slept(Duration asleep) const { return asleep - asleep_ >= kShortestSleep; }
  bool is_overdue(Instant now) const { return announced_ && now - *announced_ >= kLongestWait; }

  // It is awake: begins anew. How long it has slept.
  Duration wake(Duration asleep) {
    announced_.reset();
    return asleep - std::exchange(asleep_, asleep);
  }

  // Less is what reading two clocks may differ by, and no sleep.
  static constexpr seconds kShortestSleep{1};
  // Others may hold the sleep up for half a minute, and what runs before it takes its time, too.
  static constexpr seconds kLongestWait{60};

 private:
  Duration asleep_;  // in all, at the last wake()
  std::optional<Instant> announced_;
};

}  // namespace corral::gateway
