#include <time.h>

#include "io/time_asleep.h"

namespace corral::io {
namespace {

Duration time_of(clockid_t clock) {
  timespec time{};
  ::clock_gettime(clock, &time);
  return seconds(time.tv_sec) + std::chrono::nanoseconds(time.tv_nsec);
}

}  // namespace

Duration time_asleep() { return time_of(CLOCK_MONOTONIC_RAW) - time_of(CLOCK_UPTIME_RAW); }

}  // namespace corral::io
