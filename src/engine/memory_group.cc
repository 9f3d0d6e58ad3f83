#include "engine/memory_group.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdint>
#include <cstring>
#include <filesystem>
#include <optional>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#include "base/strings.h"
#include "base/whole_file.h"

namespace corral::engine {
namespace {

namespace fs = std::filesystem;

constexpr const char* kEngine = "engine-";
constexpr std::size_t kMostBytes = 1024 * 1024;  // of a file
constexpr std::string_view kNobody = "0";        // a process of another namespace
constexpr int kRounds = 100;

// The kernel takes what is written in one piece or refuses it.
bool write_to(const std::string& path, std::string_view text) {
  const Descriptor file = open_file(path, O_WRONLY);
  if (!file.is_open()) return false;
  return ::write(file.get(), text.data(), text.size()) == static_cast<ssize_t>(text.size());
}

std::unexpected<Error> cannot(const std::string& what, const std::string& path) {
  return fail(Code::kIo, what + " " + path + ": " + std::strerror(errno));
}

bool make_folder(const std::string& path) { return ::mkdir(path.c_str(), 0755) == 0; }

// Whether the folder's name has the id of a Corral that runs no more.
bool is_left_over(const std::string& name) {
  if (!name.starts_with(kEngine)) return false;
  const std::optional<std::uint64_t> pid = parse_u64(split(name, '-')[1]);
  return pid && *pid <= INT32_MAX && ::kill(static_cast<pid_t>(*pid), 0) != 0 && errno == ESRCH;
}

// The kernel keeps a group that has a process.
void remove_old_engines(const std::string& delegated) {
  std::error_code failed;
  std::vector<fs::path> old;
  for (fs::directory_iterator at(delegated, failed); at != fs::directory_iterator();
       at.increment(failed)) {
    if (is_left_over(at->path().filename().string())) old.push_back(at->path());
  }
  for (const fs::path& path : old) ::rmdir(path.c_str());
}

// Moves every process of one group to another, those too that are started meanwhile.
Result<void> move_all(const std::string& from, const std::string& to) {
  for (int round = 0; round < kRounds; ++round) {
    const Result<std::string> list = read_file(from + "/cgroup.procs", kMostBytes);
    if (!list.has_value()) return std::unexpected(list.error());
    if (list->empty()) return {};
    for (const std::string_view pid : split(*list, '\n')) {
      if (pid.empty() || pid == kNobody || write_to(to + "/cgroup.procs", pid)) continue;
      if (errno != ESRCH) return cannot("moving a process to", to);
    }
  }
  return fail(Code::kIo, "processes are started in " + from + " faster than they can be moved");
}

// Makes it a group that may have limited groups in it.
Result<void> prepare(const std::string& delegated) {
  const std::string ours = delegated + "/" + std::string(kOwnGroup);
  if (!make_folder(ours) && errno != EEXIST) return cannot("making the control group", ours);
  const Result<void> moved = move_all(delegated, ours);
  if (!moved.has_value()) return moved;
  if (!write_to(delegated + "/cgroup.subtree_control", "+memory")) {
    return cannot("turning memory on in", delegated);
  }
  return {};
}

Result<std::string> make_engine_folder(const std::string& delegated) {
  const std::string start = delegated + "/" + kEngine + std::to_string(::getpid()) + "-";
  for (int number = 0; number < kRounds; ++number) {
    std::string path = start + std::to_string(number);
    if (make_folder(path)) return path;
    if (errno != EEXIST) return cannot("making the control group", path);
  }
  errno = EEXIST;
  return cannot("making one more control group in", delegated);
}

}  // namespace

Result<MemoryGroup> MemoryGroup::make(std::uint64_t bytes) {
  const std::string delegated = delegated_group();
  if (delegated.empty()) return MemoryGroup();
  return make_in(delegated, bytes);
}

Result<MemoryGroup> MemoryGroup::make_in(const std::string& delegated, std::uint64_t bytes) {
  const Result<void> prepared = prepare(delegated);
  if (!prepared.has_value()) return std::unexpected(prepared.error());
  remove_old_engines(delegated);
  Result<std::string> path = make_engine_folder(delegated);
  if (!path.has_value()) return std::unexpected(path.error());
  MemoryGroup group(std::move(*path));
  // An engine without one of its processes is none.
  write_to(group.path() + "/memory.oom.group", "1");
  if (!write_to(group.path() + "/memory.max", std::to_string(bytes))) {
    return cannot("limiting the memory of", group.path());
  }
  return group;
}

MemoryGroup::~MemoryGroup() {
  if (path_.empty()) return;
  write_to(path_ + "/cgroup.kill", "1");
  // Where a killed process is not gone yet the folder stays, until the next Corral needs one.
  ::rmdir(path_.c_str());
}

MemoryGroup::MemoryGroup(MemoryGroup&& other) noexcept : path_(std::exchange(other.path_, {})) {}

MemoryGroup& MemoryGroup::operator=(MemoryGroup&& other) noexcept {
  std::swap(path_, other.path_);
  return *this;
}

// "oom_kill 1", among others.
bool MemoryGroup::has_killed() const {
  constexpr std::string_view kCount = "oom_kill ";
  const std::string events = read_file(path_ + "/memory.events", kMostBytes).value_or("");
  for (const std::string_view line : split(events, '\n')) {
    if (line.starts_with(kCount)) return line.substr(kCount.size()) != "0";
  }
  return false;
}

bool join_memory_group(const std::string& path) { return write_to(path + "/cgroup.procs", "0"); }

}  // namespace corral::engine
