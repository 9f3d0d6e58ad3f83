#include "engine/worker_start.h"

#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>

#include "engine/guard.h"
#include "engine/limits.h"

namespace corral::engine {

bool is_worker() { return std::getenv("LLAMA_SERVER_ROUTER_PORT") != nullptr; }

bool begin_worker() {
  // A worker reads its stdin, and so sees our end, only when its model is loaded. A Corral that
  // died before this line has another parent in its place, but no pipe.
  if (!die_with_parent(::getppid()) || stdin_is_abandoned()) return false;
  ::umask(0077);
  apply_limits(take_limits());
  return true;
}

}  // namespace corral::engine
