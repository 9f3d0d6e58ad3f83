// What the running program knows about where it is: its own file, its machine's name.
#pragma once

#include <string>

#include "base/result.h"

namespace corral::io {

// Absolute. kIo if the system does not tell.
Result<std::string> executable_path();

// What to execute for this very program once more, with `path` as its own: on Linux a name that
// still leads to it when its file has been deleted or replaced, as an upgrade does.
std::string executable_image(const std::string& path);

// The name that this machine gives itself; empty if it has none.
std::string host_name();

}  // namespace corral::io
