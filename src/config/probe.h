// What of a config only this machine can tell: whether the model files and the programs that it
// names are there. They may still come before they are needed, so these are warnings.
#pragma once

#include <string>
#include <vector>

#include "config/config.h"

namespace corral::config {

// "file:line:col: sentence" for each gguf, lora, draft and chatTemplate that is no readable file,
// and each program of a cmd that cannot be found, in the file's order. Looks at the file system and
// opens nothing.
std::vector<std::string> probe(const Config& config, const Environment& environment);

}  // namespace corral::config
