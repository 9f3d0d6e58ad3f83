// macOS has RLIMIT_DATA and RLIMIT_AS, and lets processes allocate beyond both.
#include <sys/resource.h>
#include <unistd.h>

#include "engine/limits.h"

namespace corral::engine {

bool can_limit_memory() { return false; }

bool limit_memory(std::uint64_t) { return false; }

bool may_have_nice(int nice) { return nice >= ::getpriority(PRIO_PROCESS, 0) || ::geteuid() == 0; }

void set_session_nice(int) {}

}  // namespace corral::engine
