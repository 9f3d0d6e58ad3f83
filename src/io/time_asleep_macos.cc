#include <time.h>

#include "io/time_asleep.h"

namespace corral::io {

Duration time_asleep() { return between_clocks(CLOCK_MONOTONIC_RAW, CLOCK_UPTIME_RAW); }

}  // namespace corral::io
