#include <time.h>

#include "io/time_asleep.h"

namespace corral::io {

Duration time_asleep() { return between_clocks(CLOCK_BOOTTIME, CLOCK_MONOTONIC); }

}  // namespace corral::io
