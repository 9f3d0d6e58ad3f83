// The time that the benchmark's programs share. CLOCK_MONOTONIC is one clock for all processes of a
// machine, so a stamp that the upstream wrote can be subtracted from the load generator's now.
#pragma once

#include <time.h>

#include <cstdint>

namespace bench {

constexpr std::int64_t kSecond = 1'000'000'000;

inline std::int64_t now_ns() {
  timespec time{};
  ::clock_gettime(CLOCK_MONOTONIC, &time);
  return std::int64_t{time.tv_sec} * kSecond + time.tv_nsec;
}

}  // namespace bench
