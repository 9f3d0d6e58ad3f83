#include "gateway/state_file.h"

namespace corral::gateway {

std::string state_folder(const config::Environment& environment) {
  const std::string home = environment("HOME").value_or("");
  return home.starts_with('/') ? home + "/Library/Application Support/Corral" : "";
}

}  // namespace corral::gateway
