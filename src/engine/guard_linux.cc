// The kernel keeps watch over the guard itself.
#include <sys/prctl.h>
#include <unistd.h>

#include <csignal>

#include "engine/guard.h"

namespace corral::engine {

bool die_with_parent(int parent) {
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  // The parent may have died before the line above.
  return ::getppid() == parent;
}

}  // namespace corral::engine
