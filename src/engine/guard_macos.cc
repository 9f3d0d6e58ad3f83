// macOS has no death signal. The guard and the command share a process group, which the Engine
// kills as soon as it sees the guard's end.
#include <unistd.h>

#include "engine/guard.h"

namespace corral::engine {

bool die_with_parent(int parent) { return ::getppid() == parent; }

}  // namespace corral::engine
