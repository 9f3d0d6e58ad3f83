// From /proc/PID/stat and /proc/PID/io, see proc(5).
#include <dirent.h>
#include <unistd.h>

#include <array>
#include <optional>
#include <string>
#include <string_view>

#include "base/strings.h"
#include "base/whole_file.h"
#include "engine/process_usage.h"

namespace corral::engine {
namespace {

// Empty if it cannot be read: the process may be gone already.
std::string text_of(int pid, const char* file) {
  constexpr std::size_t kMost = 64 * 1024;
  return read_file("/proc/" + std::to_string(pid) + "/" + file, kMost).value_or("");
}

// The numbers of a stat file by their place behind the name, which may contain anything: the parent
// is the first. Negative ones, of which we need none, count as 0.
struct Stat {
  static constexpr std::size_t kParent = 0, kSession = 2, kUser = 10, kSystem = 11, kDeadUser = 12,
                               kDeadSystem = 13, kResident = 20, kCount = 21;
  std::array<std::uint64_t, kCount> field{};
};

std::optional<Stat> stat_of(int pid) {
  const std::string text = text_of(pid, "stat");
  const std::size_t name_end = text.rfind(')');
  if (name_end == std::string::npos || name_end + 4 > text.size()) return std::nullopt;
  const char state = text[name_end + 2];
  if (state == 'Z' || state == 'X') return std::nullopt;                // dead, and not reaped yet
  std::string_view rest = std::string_view(text).substr(name_end + 4);  // behind ") S "
  Stat stat;
  for (std::uint64_t& field : stat.field) {
    const std::size_t space = rest.find(' ');
    field = parse_u64(rest.substr(0, space)).value_or(0);
    if (space == std::string_view::npos) return std::nullopt;
    rest.remove_prefix(space + 1);
  }
  return stat;
}

std::uint64_t bytes_read_by(int pid) {
  constexpr std::string_view kKey = "\nread_bytes: ";
  const std::string text = text_of(pid, "io");
  const std::size_t at = text.find(kKey);
  if (at == std::string::npos) return 0;
  const std::string_view value = std::string_view(text).substr(at + kKey.size());
  return parse_u64(value.substr(0, value.find('\n'))).value_or(0);
}

}  // namespace

std::vector<int> processes_of(const ProcessTree& tree) {
  std::vector<ProcessLink> found;
  DIR* folder = ::opendir("/proc");
  if (folder == nullptr) return {};
  while (const dirent* entry = ::readdir(folder)) {
    const std::optional<std::uint64_t> number = parse_u64(entry->d_name);
    if (!number) continue;
    const int pid = static_cast<int>(*number);
    const std::optional<Stat> stat = stat_of(pid);
    if (!stat) continue;
    found.push_back({.pid = pid,
                     .parent = static_cast<int>(stat->field[Stat::kParent]),
                     .session = static_cast<int>(stat->field[Stat::kSession])});
  }
  ::closedir(folder);
  return select_tree(tree, found);
}

ProcessUsage usage_of(const ProcessTree& tree) {
  const auto ticks_per_second = static_cast<std::uint64_t>(::sysconf(_SC_CLK_TCK));
  const auto page_bytes = static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
  std::uint64_t ticks = 0;
  ProcessUsage usage;
  for (const int pid : processes_of(tree)) {
    const std::optional<Stat> stat = stat_of(pid);
    if (!stat) continue;
    ++usage.processes;
    for (const std::size_t at : {Stat::kUser, Stat::kSystem, Stat::kDeadUser, Stat::kDeadSystem}) {
      ticks += stat->field[at];
    }
    usage.memory_bytes += stat->field[Stat::kResident] * page_bytes;
    usage.bytes_read += bytes_read_by(pid);
  }
  usage.cpu = std::chrono::nanoseconds(ticks * (1'000'000'000 / ticks_per_second));
  return usage;
}

}  // namespace corral::engine
