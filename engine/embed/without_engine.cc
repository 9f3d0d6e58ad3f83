#include <cstdio>

#include "cli/embedded.h"

namespace corral {

std::optional<std::string_view> tiny_model() { return std::nullopt; }

int engine_main(int, char**) {
  std::fputs(
      "corral: this binary was built without the engine, so it can only run models by 'cmd'\n",
      stderr);
  return 2;
}

}  // namespace corral
