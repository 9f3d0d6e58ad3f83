// `corral config check`, and how commands tell that something failed.
#include <algorithm>
#include <cstdio>

#include "cli/commands.h"
#include "cli/config_source.h"
#include "config/probe.h"
#include "engine/preflight.h"

namespace corral::cli {
namespace {

void print(const std::vector<std::string>& warnings) {
  for (const std::string& warning : warnings)
    std::fprintf(stderr, "corral: warning: %s\n", warning.c_str());
}

// A warning for each model that needs more memory than this machine has. What is wrong with files,
// config::probe tells.
std::vector<std::string> too_large(const config::Config& config) {
  std::vector<std::string> warnings;
  for (const config::Model& model : config.models) {
    if (model.gguf.empty()) continue;
    const engine::Spec spec = engine::worker_spec(model, "corral", "/", model.startup_timeout, {});
    const std::string lack = engine::preflight(spec, {}).lack;
    if (lack.empty()) continue;
    const auto ctx = std::ranges::find(model.given, "ctx", &config::Given::key);
    const config::Mark mark = ctx == model.given.end() ? model.source_mark : ctx->mark;
    warnings.push_back(
        config::at(config.file, mark, "model " + config::in_quotes(model.id) + ": " + lack));
  }
  return warnings;
}

}  // namespace

int failed(const Error& error) {
  std::fprintf(stderr, "corral: %s\n", error.message.c_str());
  return 1;
}

int failed(const config::Reading& reading) {
  print(reading.warnings);
  for (const Error& error : reading.errors) failed(error);
  return 1;
}

int config_check(const Options& options) {
  const config::Reading reading = load_config(options.config);
  if (!reading.config.has_value()) return failed(reading);
  const config::Config& config = *reading.config;
  print(reading.warnings);
  print(config::probe(config, environment));
  print(too_large(config));
  std::printf("%s is fine: %zu %s\n", config.file.c_str(), config.models.size(),
              config.models.size() == 1 ? "model" : "models");
  return 0;
}

}  // namespace corral::cli
