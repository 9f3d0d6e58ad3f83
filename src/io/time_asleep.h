// How long the machine has slept, by its own clocks.
#pragma once

#include <time.h>

#include "base/time.h"

namespace corral::io {

// Since it was started, in all: the difference of two clocks that nobody can set, of which one goes
// on while the machine is suspended. It grows by a sleep; between two calls it may also differ by
// the microseconds that reading both clocks takes.
Duration time_asleep();

// For the above: how far one clock is ahead of another.
Duration between_clocks(clockid_t ahead, clockid_t behind);

}  // namespace corral::io
