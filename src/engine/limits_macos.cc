// macOS has RLIMIT_DATA and RLIMIT_AS, and lets processes allocate beyond both.
#include <sys/resource.h>
#include <unistd.h>

#include <cstdint>

#include "engine/limits.h"

namespace corral::engine {

bool can_limit_memory() { return false; }

bool limit_memory(std::uint64_t) { return false; }

std::uint64_t most_open_files() {
  rlimit limit{};
  if (::geteuid() == 0 || ::getrlimit(RLIMIT_NOFILE, &limit) != 0) return UINT64_MAX;
  return limit.rlim_max;
}

bool may_have_nice(int nice) { return nice >= ::getpriority(PRIO_PROCESS, 0) || ::geteuid() == 0; }

void set_session_nice(int) {}

}  // namespace corral::engine
