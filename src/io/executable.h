// The path of the running program's own file.
#pragma once

#include <string>

#include "base/result.h"

namespace corral::io {

// Absolute. kIo if the system does not tell.
Result<std::string> executable_path();

}  // namespace corral::io
