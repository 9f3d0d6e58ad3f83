// MemoryGroup: a control group that holds all processes of one engine together to one amount of
// memory, mapped model files included. The system kills them, all at once, where they cannot do
// with less. Linux, cgroup v2; see the kernel's Documentation/admin-guide/cgroup-v2.rst.
//
// There are groups only where Corral's own was delegated to it, as a service manager does that was
// told so (systemd: `Delegate=memory`; see systemd.resource-control(5) and CGROUP_DELEGATION). A
// group with limited groups in it may hold no process itself, so the first engine that needs one
// has Corral and all that it runs moved one level down:
//
//   corral.service/            delegated to us
//     corral/                  Corral itself, and engines without a limit
//     engine-PID-0/            one engine; PID is Corral's
//
// The files of control groups are no files of a disk: nothing here blocks for long.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#include "base/result.h"

namespace corral::engine {

// The name of the group that Corral moves itself to.
inline constexpr std::string_view kOwnGroup = "corral";

class MemoryGroup {
 public:
  // No group.
  MemoryGroup() = default;
  // A new, empty group in Corral's own. No group if none was delegated.
  // kIo with a sentence if one was and it cannot be used.
  static Result<MemoryGroup> make(std::uint64_t bytes);
  // In `delegated`, the folder of a group that is Corral's. What Corrals that
  // run no more left there is removed.
  static Result<MemoryGroup> make_in(const std::string& delegated, std::uint64_t bytes);
  // Kills whoever is still in it, and removes it.
  ~MemoryGroup();
  MemoryGroup(MemoryGroup&& other) noexcept;
  MemoryGroup& operator=(MemoryGroup&& other) noexcept;

  // Whether the system has killed somebody in it because the group had no more memory.
  bool has_killed() const;
  // Its folder; empty: no group.
  const std::string& path() const { return path_; }

 private:
  explicit MemoryGroup(std::string path) : path_(std::move(path)) {}

  std::string path_;
};

// Puts the calling process, and all that it starts from now on, into that group. False: errno says
// why not.
bool join_memory_group(const std::string& path);

// The folder of the control group that was delegated to Corral and can limit memory; empty if there
// is none. memory_group_linux.cc and memory_group_macos.cc.
std::string delegated_group();

}  // namespace corral::engine
