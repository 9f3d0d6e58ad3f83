#include "base/check.h"

#include <cstdio>
#include <cstdlib>

namespace corral {

void check_failed(const char* expression, const char* file, int line) {
  std::fprintf(stderr, "corral: broken invariant: %s at %s:%d; please report this\n", expression,
               file, line);
  std::abort();
}

}  // namespace corral
