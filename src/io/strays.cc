#include "io/strays.h"

#include <sys/wait.h>
#include <uv.h>

#include <algorithm>
#include <csignal>
#include <thread>

#include "io/children.h"

namespace corral::io {
namespace {

constexpr seconds kPatience{1};
constexpr milliseconds kPause{1};

// Of the processes that libuv watches for us; it reaps these itself.
std::vector<int> watched(Loop& loop) {
  std::vector<int> pids;
  const auto note = [](uv_handle_t* handle, void* list) {
    if (handle->type != UV_PROCESS || uv_is_active(handle) == 0) return;
    static_cast<std::vector<int>*>(list)->push_back(
        uv_process_get_pid(reinterpret_cast<uv_process_t*>(handle)));
  };
  uv_walk(loop.uv(), note, &pids);
  return pids;
}

std::vector<int> children_if_adopting() {
  return adopt_orphans() ? children() : std::vector<int>();
}

}  // namespace

Strays::Strays(Loop& loop)
    : loop_(loop),
      foreign_(children_if_adopting()),
      on_child_(loop, SIGCHLD, [this] { sweep(); }) {}

Strays::~Strays() {
  const Instant deadline = Clock::now() + kPatience;
  while (sweep() && Clock::now() < deadline) std::this_thread::sleep_for(kPause);
}

bool Strays::sweep() {
  const std::vector<int> ours = watched(loop_);
  const auto is_in = [](const std::vector<int>& list, int pid) {
    return std::ranges::find(list, pid) != list.end();
  };
  bool some_left = false;
  for (const int pid : children()) {
    if (is_in(ours, pid) || is_in(foreign_, pid)) continue;
    ::kill(pid, SIGKILL);
    if (::waitpid(pid, nullptr, WNOHANG) == 0) some_left = true;
  }
  return some_left;
}

}  // namespace corral::io
