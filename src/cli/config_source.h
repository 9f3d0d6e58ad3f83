// Where the config comes from: the file that was named, else the person's own, else a built-in one
// with the embedded model, so that a bare `corral serve` answers at once.
#pragma once

#include <string>

#include "cli/options.h"
#include "config/config.h"

namespace corral::cli {

// The environment of this process.
std::optional<std::string> environment(std::string_view name);

// The path of the file that load_config(named) reads; empty: the built-in config.
std::string config_path(const std::string& named);

// The path of the person's own file, there or not: $XDG_CONFIG_HOME/corral/config.yaml or
// ~/.config/corral/config.yaml. Empty where there is no home.
std::string own_config_path();

// The built-in config as text, with the embedded model's file, which is unpacked for it.
// kUnavailable when this binary has no embedded model, kIo if it cannot be unpacked.
Result<std::string> built_in_config();

// `named` is empty or a path. Fails as config::load does; kUnavailable when there is no config at
// all and this binary has no embedded model.
config::Reading load_config(const std::string& named);

// kInvalid if everybody on the network could use the models of that config without a key.
Result<void> may_listen(const ListenAddress& listen, const config::Config& config);

}  // namespace corral::cli
