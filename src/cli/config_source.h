// Where the config comes from: the file that was named, else the person's own, else a built-in one
// with the embedded model, so that a bare `corral serve` answers at once.
#pragma once

#include <string>

#include "config/config.h"

namespace corral::cli {

// The environment of this process.
std::optional<std::string> environment(std::string_view name);

// The path of the file that load_config(named) reads; empty: the built-in config.
std::string config_path(const std::string& named);

// `named` is empty or a path. Fails as config::load does; kUnavailable when there is no config at
// all and this binary has no embedded model.
config::Reading load_config(const std::string& named);

}  // namespace corral::cli
