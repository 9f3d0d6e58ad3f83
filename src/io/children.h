// The children of this process as the system tells them: those that it started, and those that came
// to it because their own parent died.
#pragma once

#include <vector>

namespace corral::io {

// From now on a descendant whose parent dies becomes a child of this process, unless a nearer
// ancestor adopts it; leaving the session or the process group changes nothing about that. False
// where the system has no such thing (macOS): such a descendant goes to the first process.
bool adopt_orphans();

// The process ids of our children, ended ones that are not reaped yet included; on macOS of all our
// descendants. A child's id stays its own until we reap it. What is born while we look may be
// missing: who wants to end them all asks until there is none.
std::vector<int> children();

}  // namespace corral::io
