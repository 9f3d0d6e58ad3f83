// macOS adopts nobody, so what left its parent is out of sight; what still has one is found by
// walking down from us.
#include <libproc.h>
#include <unistd.h>

#include <array>
#include <cstddef>

#include "io/children.h"

namespace corral::io {

bool adopt_orphans() { return false; }

std::vector<int> children() {
  std::vector<int> pids;
  std::array<pid_t, 1024> found{};
  pid_t parent = ::getpid();
  for (std::size_t next = 0;; parent = pids[next++]) {
    const int count = ::proc_listchildpids(parent, found.data(), sizeof found);
    for (int i = 0; i < count && i < static_cast<int>(found.size()); ++i) {
      pids.push_back(found[static_cast<std::size_t>(i)]);
    }
    if (next == pids.size()) return pids;
  }
}

}  // namespace corral::io
