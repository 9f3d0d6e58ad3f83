#include <dirent.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <memory>
#include <string>
#include <string_view>

#include "base/strings.h"
#include "base/whole_file.h"
#include "io/children.h"
#include "io/process_stat.h"

namespace corral::io {
namespace {

using Folder = std::unique_ptr<DIR, decltype([](DIR* folder) { ::closedir(folder); })>;

// Of /proc, where a list of children may be long.
constexpr std::size_t kMostText = 16 * 1024 * 1024;

void append_number(std::vector<int>& pids, std::string_view text) {
  const std::optional<std::uint64_t> pid = parse_u64(text);
  if (pid && *pid > 0 && *pid <= INT32_MAX) pids.push_back(static_cast<int>(*pid));
}

void append_numbers(std::vector<int>& pids, std::string_view text) {
  while (!text.empty()) {
    const std::size_t space = text.find(' ');
    append_number(pids, text.substr(0, space));
    text = space == std::string_view::npos ? "" : text.substr(space + 1);
  }
}

// The kernel's own list, one file for each of our threads. False if it was built without.
bool append_listed(std::vector<int>& pids) {
  const Folder threads(::opendir("/proc/self/task"));
  if (threads == nullptr) return false;
  bool any = false;
  while (const dirent* entry = ::readdir(threads.get())) {
    const std::string path = std::string("/proc/self/task/") + entry->d_name + "/children";
    const Result<std::string> list = read_file(path, kMostText);
    if (!list.has_value()) continue;
    any = true;
    append_numbers(pids, *list);
  }
  return any;
}

void append_found(std::vector<int>& pids) {
  const Folder processes(::opendir("/proc"));
  if (processes == nullptr) return;
  while (const dirent* entry = ::readdir(processes.get())) {
    const std::optional<std::uint64_t> pid = parse_u64(entry->d_name);
    if (!pid || *pid > INT32_MAX) continue;
    const std::optional<ProcessStat> stat = process_stat(static_cast<int>(*pid));
    if (stat && stat->parent == ::getpid()) pids.push_back(static_cast<int>(*pid));
  }
}

}  // namespace

bool adopt_orphans() { return ::prctl(PR_SET_CHILD_SUBREAPER, 1) == 0; }

std::vector<int> children() {
  std::vector<int> pids;
  if (!append_listed(pids)) append_found(pids);
  return pids;
}

}  // namespace corral::io
