#include "cli/config_source.h"

#include <unistd.h>

#include <cstdlib>

#include "base/ip_address.h"
#include "cli/embedded.h"
#include "cli/embedded_model.h"

namespace corral::cli {
namespace {

// A single-quoted YAML scalar.
std::string quoted(std::string_view text) {
  std::string result = "'";
  for (const char c : text) result += c == '\'' ? std::string("''") : std::string(1, c);
  return result + "'";
}

}  // namespace

std::optional<std::string> environment(std::string_view name) {
  const char* value = std::getenv(std::string(name).c_str());
  if (value == nullptr) return std::nullopt;
  return std::string(value);
}

std::string own_config_path() {
  const std::optional<std::string> xdg = environment("XDG_CONFIG_HOME");
  if (xdg && xdg->starts_with('/')) return *xdg + "/corral/config.yaml";
  const std::optional<std::string> home = environment("HOME");
  return home ? *home + "/.config/corral/config.yaml" : "";
}

std::string config_path(const std::string& named) {
  if (!named.empty()) return named;
  std::string own = own_config_path();
  if (!own.empty() && ::access(own.c_str(), F_OK) == 0) return own;
  return "";
}

config::Reading load_config(const std::string& named) {
  const std::string path = config_path(named);
  if (!path.empty()) return config::load(path, environment);
  const Result<std::string> text = built_in_config();
  if (!text.has_value()) return {.config = {}, .errors = {text.error()}, .warnings = {}};
  return config::examine(*text, "(built-in config)", environment);
}

Result<std::string> built_in_config() {
  const Result<std::string> model = unpack_tiny_model();
  if (!model.has_value()) return model;
  return "models:\n  tiny-chat-1m:\n    aliases: [tiny]\n"
         "    description: a very small model that is part of Corral\n    gguf: " +
         quoted(*model) + "\n";
}

Result<void> may_listen(const ListenAddress& listen, const config::Config& config) {
  if (is_loopback(listen.host) || !config.api_keys.empty()) return {};
  return fail(Code::kInvalid,
              "listening on " + listen.host +
                  " would let everybody on the network use the models; put apiKeys into the "
                  "config");
}

}  // namespace corral::cli
