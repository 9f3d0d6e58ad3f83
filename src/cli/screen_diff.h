// From one picture to the next in as few bytes as need be.
//
// The sequences are those that xterm, tmux, Terminal.app, iTerm and the Linux console share
// (ECMA-48: CUP, CUF, EL, ED, SGR), so nothing has to be looked up in a terminfo database, which a
// static binary cannot bring along. Pure.
#pragma once

#include <optional>
#include <string>

#include "cli/screen.h"

namespace corral::cli {

// The bytes that turn `before`, which the terminal shows, into `after`; none if they are equal.
// Without `before`, or where its size is another, the terminal is cleared first. Before and after
// them the terminal's style is the default one; its cursor may stand anywhere. Lines must not wrap
// (DECAWM off). Without `colour` styles are bold, dim and reverse alone.
std::string screen_diff(const std::optional<Screen>& before, const Screen& after, bool colour);

}  // namespace corral::cli
