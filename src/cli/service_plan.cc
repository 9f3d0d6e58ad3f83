#include "cli/service_plan.h"

#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>

#include "base/strings.h"
#include "cli/config_source.h"
#include "io/executable.h"
#include "service/definition_file.h"

namespace corral::cli {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kHowTo =
    "# Corral's config. `corral config check` says what is wrong with it, and\n"
    "# `corral service restart` has the service take it up.\n"
    "#\n"
    "# A model of yours is a file, or the command of a server that speaks OpenAI's language:\n"
    "#\n"
    "#   my-model:\n"
    "#     gguf: /path/to/my-model.gguf\n"
    "#   another:\n"
    "#     cmd: llama-server --port ${PORT} -m /path/to/another.gguf\n";

bool is_same_file(const std::string& a, const std::string& b) {
  struct stat one{}, other{};
  return ::stat(a.c_str(), &one) == 0 && ::stat(b.c_str(), &other) == 0 &&
         one.st_dev == other.st_dev && one.st_ino == other.st_ino;
}

// Our own file by the name that the person has for it: a package manager's link stays when an
// upgrade replaces what it leads to.
Result<std::string> own_program() {
  Result<std::string> self = io::executable_path();
  if (!self.has_value()) return self;
  const std::string path = environment("PATH").value_or("");
  for (const std::string_view folder : split(path, ':')) {
    std::string candidate = std::string(folder) + "/corral";
    if (folder.starts_with('/') && is_same_file(candidate, *self)) return candidate;
  }
  return self;
}

Result<std::string> chosen_config(const std::string& named) {
  if (!named.empty()) {
    std::error_code error;
    const fs::path path = fs::absolute(named, error);
    if (error || ::access(path.c_str(), F_OK) != 0) {
      return fail(Code::kNotFound, "there is no file " + named + " to serve; check its path");
    }
    return path.lexically_normal().string();
  }
  std::string own = own_config_path();
  const std::string home = environment("HOME").value_or("");
  std::string swap = home + "/.llamaswap/config.yaml";
  if (own.empty()) {
    return fail(Code::kInvalid,
                "there is no HOME, and so no place for a config; name one with "
                "--config FILE");
  }
  const bool none = ::access(own.c_str(), F_OK) != 0;
  if (none && !home.empty() && ::access(swap.c_str(), F_OK) == 0) return swap;
  return own;
}

}  // namespace

Result<ServicePlan> plan_service(const Options& options) {
  const Result<std::string> program = own_program();
  if (!program.has_value()) return std::unexpected(program.error());
  const Result<std::string> config = chosen_config(options.config);
  if (!config.has_value()) return std::unexpected(config.error());
  ServicePlan plan;
  plan.config = *config;
  plan.config_is_new = ::access(config->c_str(), F_OK) != 0;
  plan.definition.program = *program;
  plan.definition.arguments = service::serve_arguments(*config, options.listen_text);
  plan.definition.path = service::service_path(*program, environment("PATH").value_or(""));
  const std::string folder = config->substr(0, config->rfind('/'));
  plan.definition.folder = folder.empty() ? "/" : folder;
  return plan;
}

Result<void> write_new_config(const ServicePlan& plan) {
  const Result<std::string> models = built_in_config();
  if (!models.has_value()) return std::unexpected(models.error());
  return service::write_file(plan.config, std::string(kHowTo) + *models);
}

}  // namespace corral::cli
