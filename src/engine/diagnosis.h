// Diagnosis: words for people about an engine that ended, from how the kernel says that it ended
// and from what it said last itself.
#pragma once

#include <string>
#include <string_view>

#include "engine/status.h"
#include "io/process.h"

namespace corral::engine {

// An end that nobody asked for.
struct End {
  std::string model{};
  bool worker = false;     // our own, not a command under guard
  bool was_ready = false;  // in this life
  io::Exit exit{};
  std::string output{};  // its last lines, as last_lines() gives them
};

// What happened and what to do about it. `at` is left for the caller.
Failure diagnose(const End& end);

// "exited with status 3", "was killed by SIGKILL: ..."; continues a sentence about the engine.
std::string describe(const io::Exit& exit);

// The last lines of `text` that say something, at most ten and 1,600 bytes, oldest first, each on a
// line of its own; control characters are left out. Empty if there are none.
std::string last_lines(std::string_view text);

}  // namespace corral::engine
