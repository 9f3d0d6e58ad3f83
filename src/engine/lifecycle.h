// The life of an engine as one table: which state may follow which, and what makes it. An Engine
// holds itself to it at every change of its state. scripts/engine-lifecycle draws the diagram of
// docs/engine-lifecycle.md from it.
#pragma once

#include <span>
#include <string_view>

#include "engine/status.h"

namespace corral::engine {

// From a state to itself: it is told again, because something about it has changed.
struct Transition {
  State from;
  State to;
  std::string_view when;
};

std::span<const Transition> transitions();

bool may_follow(State from, State to);

}  // namespace corral::engine
