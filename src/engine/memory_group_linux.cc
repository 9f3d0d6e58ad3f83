// See cgroups(7), and CGROUP_DELEGATION of systemd: a group is somebody's to divide only where the
// attribute says so, whoever may write there.
#include <linux/magic.h>
#include <sys/statfs.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <algorithm>
#include <string_view>
#include <vector>

#include "base/strings.h"
#include "base/whole_file.h"
#include "engine/control_group.h"
#include "engine/memory_group.h"

namespace corral::engine {
namespace {

constexpr const char* kTree = "/sys/fs/cgroup";
constexpr std::size_t kMost = 64 * 1024;

bool is_version_2() {
  struct statfs system{};
  return ::statfs(kTree, &system) == 0 &&
         static_cast<std::uint64_t>(system.f_type) == CGROUP2_SUPER_MAGIC;
}

bool is_delegated(const std::string& group) {
  for (const char* attribute : {"user.delegate", "trusted.delegate"}) {
    char value = 0;
    if (::getxattr(group.c_str(), attribute, &value, 1) == 1 && value == '1') return true;
  }
  return false;
}

bool has_memory(const std::string& group) {
  std::string controllers = read_file(group + "/cgroup.controllers", kMost).value_or("");
  std::ranges::replace(controllers, '\n', ' ');
  return std::ranges::count(split(controllers, ' '), std::string_view("memory")) > 0;
}

}  // namespace

std::string delegated_group() {
  if (!is_version_2()) return {};
  std::string group = own_control_group();
  if (group.empty()) return {};
  group.insert(0, kTree);
  // We may have moved ourselves one level down already.
  const std::size_t slash = group.rfind('/');
  if (group.substr(slash + 1) == kOwnGroup) group.resize(slash);
  const bool usable = is_delegated(group) && has_memory(group) &&
                      ::access((group + "/cgroup.procs").c_str(), W_OK) == 0;
  return usable ? group : std::string();
}

}  // namespace corral::engine
