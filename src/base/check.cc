#include "base/check.h"

#include <cstdio>
#include <cstdlib>

#include "base/log.h"

namespace corral {

void check_failed(const char* expression, const char* file, int line) {
  flush_log();  // what led here
  std::fprintf(stderr, "corral: broken invariant: %s at %s:%d; please report this\n", expression,
               file, line);
  std::abort();
}

}  // namespace corral
