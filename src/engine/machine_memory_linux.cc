// Linux: /proc/meminfo, and the limits of the control groups that we are in. Source: proc(5), and
// the kernel's Documentation/admin-guide/cgroup-v2.rst: a limit of any folder on the path counts
// for all below it; "max" is none.
#include "engine/machine_memory.h"

#include <algorithm>
#include <fstream>
#include <iterator>
#include <optional>
#include <string_view>

#include "base/strings.h"
#include "engine/control_group.h"

namespace corral::engine {
namespace {

std::string content(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

std::optional<std::uint64_t> number_in(const std::string& path) {
  return parse_u64(trim(content(path)));
}

// "MemTotal:       24683952 kB"
std::uint64_t field_bytes(std::string_view meminfo, std::string_view name) {
  for (const std::string_view line : split(meminfo, '\n')) {
    if (!line.starts_with(name)) continue;
    std::string_view value = trim(line.substr(name.size()));
    if (value.ends_with(" kB")) value.remove_suffix(3);
    return parse_u64(trim(value)).value_or(0) * 1024;
  }
  return 0;
}

// Page cache of a group is given back when it is short.
std::uint64_t used_bytes(const std::string& folder) {
  const std::uint64_t current = number_in(folder + "/memory.current").value_or(0);
  std::uint64_t cache = 0;
  const std::string stat = content(folder + "/memory.stat");
  for (const std::string_view line : split(stat, '\n')) {
    for (const std::string_view name : {"inactive_file ", "active_file "}) {
      if (line.starts_with(name)) cache += parse_u64(line.substr(name.size())).value_or(0);
    }
  }
  return current - std::min(current, cache);
}

void apply_group(const std::string& folder, std::uint64_t machine_swap, MachineMemory& memory) {
  const std::optional<std::uint64_t> limit = number_in(folder + "/memory.max");
  if (!limit) return;
  const std::uint64_t swap =
      std::min(number_in(folder + "/memory.swap.max").value_or(machine_swap), machine_swap);
  if (*limit + swap < memory.total_bytes) {
    memory.total_bytes = *limit + swap;
    memory.limited = true;
  }
  memory.ram_bytes = std::min(memory.ram_bytes, *limit);
  const std::uint64_t used = used_bytes(folder);
  memory.available_bytes = std::min(memory.available_bytes, *limit - std::min(*limit, used));
}

}  // namespace

MachineMemory machine_memory_below(const std::string& root) {
  const std::string meminfo = content(root + "proc/meminfo");
  const std::uint64_t swap = field_bytes(meminfo, "SwapTotal:");
  MachineMemory memory;
  memory.total_bytes = field_bytes(meminfo, "MemTotal:");
  memory.available_bytes = field_bytes(meminfo, "MemAvailable:");
  if (memory.total_bytes == 0) return {};
  memory.ram_bytes = memory.total_bytes;
  memory.total_bytes += swap;

  // In a container the tree is often shown from our own group on, so that the path does not exist
  // and the limit lies at the top.
  const std::string tree = root + "sys/fs/cgroup";
  std::string group = own_control_group(root);
  while (group.size() > 1) {
    apply_group(tree + group, swap, memory);
    group.resize(group.rfind('/'));
  }
  apply_group(tree, swap, memory);
  return memory;
}

MachineMemory machine_memory() { return machine_memory_below("/"); }

}  // namespace corral::engine
