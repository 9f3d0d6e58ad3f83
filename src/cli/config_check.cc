// `corral config check`, and how commands tell that something failed.
#include <algorithm>
#include <cstdio>

#include "cli/commands.h"
#include "cli/config_source.h"
#include "cli/short_text.h"
#include "config/probe.h"
#include "engine/preflight.h"

namespace corral::cli {
namespace {

void print(const std::vector<std::string>& warnings) {
  for (const std::string& warning : warnings)
    std::fprintf(stderr, "corral: warning: %s\n", warning.c_str());
}

// A warning for each model whose start cannot work: its file is none, or it needs more memory than
// this machine has. That files are missing, config::probe tells.
std::vector<std::string> cannot_start(const config::Config& config) {
  std::vector<std::string> warnings;
  for (const config::Model& model : config.models) {
    if (model.gguf.empty()) continue;
    const engine::Spec spec = engine::worker_spec(model, "corral", "/", model.startup_timeout, {});
    const std::optional<engine::Failure> failure = engine::preflight(spec, {}).failure;
    if (!failure || failure->cause == engine::Cause::kMissingFile) continue;
    const bool memory = failure->cause == engine::Cause::kOutOfMemory;
    const auto ctx = std::ranges::find(model.given, "ctx", &config::Given::key);
    const bool by_ctx = memory && ctx != model.given.end();
    warnings.push_back(config::at(
        config.file, by_ctx ? ctx->mark : model.source_mark,
        "model " + config::in_quotes(model.id) + ": " + engine::fault_words(spec, *failure)));
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
  std::size_t warnings = 0;
  for (const std::vector<std::string>& some :
       {reading.warnings, config::probe(config, environment), cannot_start(config)}) {
    print(some);
    warnings += some.size();
  }
  const std::string models = counted(config.models.size(), "model");
  if (warnings == 0) {
    std::printf("%s is fine: %s\n", config.file.c_str(), models.c_str());
  } else {
    std::printf("%s can be used: %s, with %s\n", config.file.c_str(), models.c_str(),
                counted(warnings, "warning").c_str());
  }
  return 0;
}

}  // namespace corral::cli
