// How long the machine has slept, by its own clocks.
#pragma once

#include "base/time.h"

namespace corral::io {

// Since it was started, in all: the difference of two clocks that nobody can set, of which one goes
// on while the machine is suspended. It grows by a sleep; between two calls it may also differ by
// the microseconds that reading both clocks takes.
Duration time_asleep();

}  // namespace corral::io
