// Time as chrono values. Pure code (scheduler, policies) takes `Instant` as an argument and never
// reads a clock; only the loop's owner does.
#pragma once

#include <chrono>

namespace corral {

using Clock = std::chrono::steady_clock;
using Instant = Clock::time_point;
using Duration = Clock::duration;

using std::chrono::milliseconds;
using std::chrono::seconds;

}  // namespace corral
