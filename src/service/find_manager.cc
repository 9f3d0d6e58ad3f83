#include <unistd.h>

#include "base/strings.h"
#include "service/launchd_manager.h"
#include "service/manager.h"
#include "service/systemd_manager.h"
#include "service/tool.h"

namespace corral::service {
namespace {

bool is_on_path(std::string_view path, const std::string& tool) {
  for (const std::string_view folder : split(path, ':')) {
    if (folder.starts_with('/') && ::access((std::string(folder) + "/" + tool).c_str(), X_OK) == 0)
      return true;
  }
  return false;
}

}  // namespace

Result<std::unique_ptr<Manager>> find_manager(io::Loop& loop, std::string_view name,
                                              const std::vector<std::string>& environment) {
  const std::string path = value_of(environment, "PATH");
  const std::string home = value_of(environment, "HOME");
  if (name.empty()) {
    if (is_on_path(path, "launchctl")) {
      name = "launchd";
    } else if (is_on_path(path, "systemctl")) {
      name = "systemd";
    } else {
      return fail(Code::kUnavailable,
                  "there is neither launchctl nor systemctl on PATH, so no service manager that "
                  "Corral knows; run `corral serve` from what this machine starts programs with");
    }
  }
  if (name != "launchd" && name != "systemd") {
    return fail(Code::kInvalid,
                "there is no service manager " + json_quote(name) + "; it is launchd or systemd");
  }
  if (!home.starts_with('/')) {
    return fail(Code::kInvalid,
                "a service belongs to a person with a home, and HOME is not set to a folder");
  }
  if (name == "launchd") {
    return std::make_unique<LaunchdManager>(loop, home, ::getuid(), environment);
  }
  const std::string config = value_of(environment, "XDG_CONFIG_HOME");
  return std::make_unique<SystemdManager>(
      loop, config.starts_with('/') ? config : home + "/.config", environment);
}

}  // namespace corral::service
