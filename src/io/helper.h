// Work that may block, on a helper thread of its own. The loop goes on meanwhile.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <utility>

#include "io/loop.h"

namespace corral::io {

// Runs `work` on a helper thread and returns when it is over. `work` must own what it uses: when
// the wait is cancelled the work goes on, and nobody looks at it any more; the loop's end waits for
// it a second, and then leaves it. Where the system has no thread left it runs at once, on the
// loop's.
Task<void> on_helper(Loop& loop, std::function<void()> work);

// The same for work that finds something out.
template <class T>
Task<T> ask_helper(Loop& loop, std::function<T()> question) {
  // Shared with the helper thread, which goes on when this wait is cancelled.
  const auto answer = std::make_shared<std::optional<T>>();
  std::function<void()> work = [answer, question = std::move(question)] {
    answer->emplace(question());
  };
  co_await on_helper(loop, std::move(work));
  co_return std::move(**answer);
}

}  // namespace corral::io
