// Signs: what an engine's last lines show about its end. The words are those of llama.cpp and its
// backends, the C and C++ libraries, the dynamic linkers of Linux and macOS, and Python.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "engine/status.h"

namespace corral::engine {

struct Sign {
  Cause cause = Cause::kExited;
  std::string line{};  // that shows it, without the engine's time and level in front
};

// Which ends a sign may explain. What a program prints while it works can hold any words, also a
// client's, so of an engine that was ready only signs are taken that fit its end.
enum class EndKind {
  kAtStart,  // it ended by itself before it was ready: every sign counts
  // By a signal that it gave itself, or that a fault of its own caused. Where it says of an
  // assertion, memory explains it only if it was short a few lines before.
  kAborted,
  kExited,  // by itself, when it was ready
};

// The gravest sign in `output`, which has an engine's lines as it printed them; of several of a
// kind the last. Nothing if no line shows anything.
std::optional<Sign> find_sign(std::string_view output, EndKind kind);

}  // namespace corral::engine
