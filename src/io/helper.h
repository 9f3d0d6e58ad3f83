// Work that may block, on a helper thread of its own. The loop goes on meanwhile.
#pragma once

#include <functional>

#include "io/loop.h"

namespace corral::io {

// Runs `work` on a helper thread and returns when it is over. `work` must own what it uses: when
// the wait is cancelled the work goes on, and nobody looks at it any more. Where the system has no
// thread left it runs at once, on the loop's.
Task<void> on_helper(Loop& loop, std::function<void()> work);

}  // namespace corral::io
