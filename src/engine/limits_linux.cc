// See setrlimit(2), capabilities(7), and sched(7) for autogroups: where those are on, a nice value
// counts only among the processes of one session, and that of the session counts against the
// others.
#include <fcntl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <charconv>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/strings.h"
#include "base/whole_file.h"
#include "engine/limits.h"

namespace corral::engine {
namespace {

constexpr std::size_t kMostBytes = 64 * 1024;
constexpr std::uint64_t kLeastNrOpen = 1024;

// Bits of linux/capability.h. A superuser may lack them, as in a container.
constexpr int kSysNice = 23;
constexpr int kSysResource = 24;

// "CapEff:\t000001ffffffffff" in /proc/self/status.
bool has_capability(int bit) {
  constexpr std::string_view kName = "CapEff:";
  const std::string status = read_file("/proc/self/status", kMostBytes).value_or("");
  for (const std::string_view line : split(status, '\n')) {
    if (!line.starts_with(kName)) continue;
    const std::string_view digits = trim(line.substr(kName.size()));
    std::uint64_t set = 0;
    std::from_chars(digits.data(), digits.data() + digits.size(), set, 16);
    return (set >> bit & 1) != 0;
  }
  return false;
}

}  // namespace

bool can_limit_memory() { return true; }

bool limit_memory(std::uint64_t bytes) {
  const rlimit data{.rlim_cur = bytes, .rlim_max = bytes};
  return ::setrlimit(RLIMIT_DATA, &data) == 0;
}

std::uint64_t most_open_files() {
  if (has_capability(kSysResource)) {
    const std::string most = read_file("/proc/sys/fs/nr_open", kMostBytes).value_or("");
    return parse_u64(trim(most)).value_or(kLeastNrOpen);
  }
  rlimit limit{};
  return ::getrlimit(RLIMIT_NOFILE, &limit) == 0 ? limit.rlim_max : kLeastNrOpen;
}

bool may_have_nice(int nice) {
  if (nice >= ::getpriority(PRIO_PROCESS, 0) || has_capability(kSysNice)) return true;
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
