// Words for people about an engine that ended: how the kernel says that it ended, and what it said
// last itself.
#pragma once

#include <string>
#include <string_view>

#include "io/process.h"

namespace corral::engine {

// "exited with status 3", "was killed by SIGKILL: ..."; continues a sentence about the engine.
std::string describe(const io::Exit& exit);

// The last lines of `text` that say something, at most ten and 1,600 bytes, oldest first, each on a
// line of its own; control characters are left out. Empty if there are none.
std::string last_lines(std::string_view text);

}  // namespace corral::engine
