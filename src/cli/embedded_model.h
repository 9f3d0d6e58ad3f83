// The embedded model as a file, which is what an engine can open.
#pragma once

#include <string>

#include "base/result.h"

namespace corral::cli {

// Writes the embedded model into the person's cache folder unless it is there, and returns its
// path; without XDG_CACHE_HOME and HOME into the private folder of engine/runtime_dir.h. The file
// appears whole or not at all. kUnavailable if this binary has none, kIo if no folder takes it,
// kInvalid if the private folder is not ours.
Result<std::string> unpack_tiny_model();

}  // namespace corral::cli
