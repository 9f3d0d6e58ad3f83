#include "io/time_asleep.h"

namespace corral::io {
namespace {

Duration time_of(clockid_t clock) {
  timespec time{};
  ::clock_gettime(clock, &time);
  return seconds(time.tv_sec) + std::chrono::nanoseconds(time.tv_nsec);
}

}  // namespace

Duration between_clocks(clockid_t ahead, clockid_t behind) {
  return time_of(ahead) - time_of(behind);
}

}  // namespace corral::io
