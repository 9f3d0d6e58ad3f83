// Source: cgroups(7): of /proc/PID/cgroup, version 2 is the line "0::/PATH".
#include <string_view>

#include "base/strings.h"
#include "base/whole_file.h"
#include "engine/control_group.h"

namespace corral::engine {

std::string own_control_group(const std::string& root) {
  constexpr std::size_t kMost = 64 * 1024;
  constexpr std::string_view kStart = "0::";
  const std::string groups = read_file(root + "proc/self/cgroup", kMost).value_or("");
  for (const std::string_view line : split(groups, '\n')) {
    if (line.starts_with("0::/")) return std::string(line.substr(kStart.size()));
  }
  return {};
}

}  // namespace corral::engine
