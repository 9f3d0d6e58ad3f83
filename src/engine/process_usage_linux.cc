// From /proc/PID/stat and /proc/PID/io, see proc(5).
#include <dirent.h>
#include <unistd.h>

#include <optional>
#include <string>
#include <string_view>

#include "base/strings.h"
#include "base/whole_file.h"
#include "engine/process_usage.h"
#include "io/process_stat.h"

namespace corral::engine {
namespace {

// Nothing if it is dead, reaped or not.
std::optional<io::ProcessStat> living(int pid) {
  const std::optional<io::ProcessStat> stat = io::process_stat(pid);
  const bool lives = stat && stat->state != 'Z' && stat->state != 'X';
  return lives ? stat : std::nullopt;
}

std::uint64_t bytes_read_by(int pid) {
  constexpr std::string_view kKey = "\nread_bytes: ";
  constexpr std::size_t kMost = 64 * 1024;
  const std::string text = read_file("/proc/" + std::to_string(pid) + "/io", kMost).value_or("");
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
    const std::optional<io::ProcessStat> stat = living(pid);
    if (stat) found.push_back({.pid = pid, .parent = stat->parent, .session = stat->session});
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
    const std::optional<io::ProcessStat> stat = living(pid);
    if (!stat) continue;
    ++usage.processes;
    ticks += stat->cpu_ticks;
    usage.memory_bytes += stat->resident_pages * page_bytes;
    usage.bytes_read += bytes_read_by(pid);
  }
  usage.cpu = std::chrono::nanoseconds(ticks * (1'000'000'000 / ticks_per_second));
  return usage;
}

}  // namespace corral::engine
