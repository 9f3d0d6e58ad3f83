// Work that may block, on a helper thread of libuv's pool. The loop goes on meanwhile.
#pragma once

#include <functional>

#include "io/loop.h"

namespace corral::io {

// Runs `work` on a helper thread and returns when it is over. `work` must own what it uses: when
// the wait is cancelled the work goes on, and nobody looks at it any more.
Task<void> on_helper(Loop& loop, std::function<void()> work);

}  // namespace corral::io
