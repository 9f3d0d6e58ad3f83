// See setrlimit(2), and sched(7) for autogroups: where those are on, a nice value counts only among
// the processes of one session, and that of the session counts against the others.
#include <fcntl.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/whole_file.h"
#include "engine/limits.h"

namespace corral::engine {

bool can_limit_memory() { return true; }

bool limit_memory(std::uint64_t bytes) {
  const rlimit data{.rlim_cur = bytes, .rlim_max = bytes};
  return ::setrlimit(RLIMIT_DATA, &data) == 0;
}

bool may_have_nice(int nice) {
  if (nice >= ::getpriority(PRIO_PROCESS, 0) || ::geteuid() == 0) return true;
  rlimit allowed{};
  if (::getrlimit(RLIMIT_NICE, &allowed) != 0) return false;
  return allowed.rlim_cur == RLIM_INFINITY || 20 - nice <= static_cast<int>(allowed.rlim_cur);
}

void set_session_nice(int nice) {
  const std::string text = std::to_string(nice);
  const Descriptor group = open_file("/proc/self/autogroup", O_WRONLY);
  if (group.is_open() && ::write(group.get(), text.data(), text.size()) < 0) {
    // Autogroups are off: the process's own value counts against all others.
  }
}

}  // namespace corral::engine
