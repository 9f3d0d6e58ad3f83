#include <cstdio>

#include "cli/commands.h"
#include "cli/embedded.h"

namespace corral::cli {

int version(const Options& options) {
  if (options.licenses) {
    const std::string_view text = licenses();
    return std::fwrite(text.data(), 1, text.size(), stdout) == text.size() ? 0 : 1;
  }
  std::printf("corral %s\nengine llama.cpp %s\ncompiler %s\n", corral_version(), engine_version(),
              compiler_version());
  return 0;
}

}  // namespace corral::cli
