// Running a task against the clock or against a stop. The loser is cancelled before the caller goes
// on: its frame and everything that it owned are gone.
#pragma once

#include <optional>
#include <string>
#include <utility>

#include "base/result.h"
#include "io/event.h"

namespace corral::io {

namespace detail {

template <class T>
Task<void> store_and_signal(Task<Result<T>> task, std::optional<Result<T>>& out, Event& done) {
  Result<T> result = co_await std::move(task);
  out.emplace(std::move(result));
  done.set();
}

}  // namespace detail

// Sets `to` once `from` is set. Both outlive the task.
inline Task<void> relay(Event& from, Event& to) {
  co_await from.wait();
  to.set();
}

// The task's result, or kTimeout with `message` when `limit` passes first.
template <class T>
Task<Result<T>> with_timeout(Loop& loop, Duration limit, Task<Result<T>> task,
                             std::string message) {
  Event done(loop);
  std::optional<Result<T>> out;
  Task<void> runner = detail::store_and_signal<T>(std::move(task), out, done);
  runner.start();
  const bool in_time = co_await done.wait_for(limit);
  if (!in_time) co_return fail(Code::kTimeout, std::move(message));
  co_return std::move(*out);
}

// The task's result, or kCancelled when `stop` is set first. `stop` outlives the call.
template <class T>
Task<Result<T>> until(Loop& loop, Event& stop, Task<Result<T>> task) {
  Event done(loop);
  std::optional<Result<T>> out;
  Task<void> runner = detail::store_and_signal<T>(std::move(task), out, done);
  Task<void> watcher = relay(stop, done);
  runner.start();
  if (!out) watcher.start();
  co_await done.wait();
  if (!out) co_return fail(Code::kCancelled, "the operation was stopped before it ended");
  co_return std::move(*out);
}

}  // namespace corral::io
