#include "io/descriptors.h"

#include <sys/resource.h>

#include <algorithm>

namespace corral::io {

std::size_t raise_descriptor_limit(std::size_t wanted) {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return wanted;
  // macOS refuses what is above a limit of its kernel that is not the hard limit: try with less.
  for (rlim_t aim = std::min<rlim_t>(wanted, limit.rlim_max); aim > limit.rlim_cur;) {
    rlimit raised = limit;
    raised.rlim_cur = aim;
    if (::setrlimit(RLIMIT_NOFILE, &raised) == 0) return static_cast<std::size_t>(aim);
    aim = limit.rlim_cur + (aim - limit.rlim_cur) / 2;
  }
  return static_cast<std::size_t>(limit.rlim_cur);
}

}  // namespace corral::io
