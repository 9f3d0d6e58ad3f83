// `corral config check`, and how commands tell that something failed.
#include <cstdio>

#include "cli/commands.h"
#include "cli/config_source.h"
#include "config/probe.h"

namespace corral::cli {
namespace {

void print(const std::vector<std::string>& warnings) {
  for (const std::string& warning : warnings)
    std::fprintf(stderr, "corral: warning: %s\n", warning.c_str());
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
  std::printf("%s is fine: %zu %s\n", config.file.c_str(), config.models.size(),
              config.models.size() == 1 ? "model" : "models");
  return 0;
}

}  // namespace corral::cli
