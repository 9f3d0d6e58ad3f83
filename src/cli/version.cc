#include <cstdio>

#include "cli/commands.h"
#include "cli/config_source.h"
#include "cli/embedded.h"

namespace corral::cli {

int failed(const Error& error) {
  std::fprintf(stderr, "corral: %s\n", error.message.c_str());
  return 1;
}

int version(const Options& options) {
  if (options.licenses) {
    const std::string_view text = licenses();
    return std::fwrite(text.data(), 1, text.size(), stdout) == text.size() ? 0 : 1;
  }
  std::printf("corral %s\nengine llama.cpp %s\ncompiler %s\n", corral_version(), engine_version(),
              compiler_version());
  return 0;
}

int config_check(const Options& options) {
  const Result<config::Config> config = load_config(options.config);
  if (!config.has_value()) return failed(config.error());
  for (const std::string& warning : config->warnings) {
    std::fprintf(stderr, "corral: %s\n", warning.c_str());
  }
  std::printf("%s is fine: %zu %s\n", config->file.c_str(), config->models.size(),
              config->models.size() == 1 ? "model" : "models");
  return 0;
}

}  // namespace corral::cli
