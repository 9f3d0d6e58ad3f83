#include "gateway/state_file.h"

namespace corral::gateway {

std::string state_folder(const config::Environment& environment) {
  const std::string state = environment("XDG_STATE_HOME").value_or("");
  if (state.starts_with('/')) return state + "/corral";
  const std::string home = environment("HOME").value_or("");
  return home.starts_with('/') ? home + "/.local/state/corral" : "";
}

}  // namespace corral::gateway
