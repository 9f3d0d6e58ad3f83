#include "io/event.h"

namespace corral::io {

struct Event::Awaiter {
  Event& event;
  std::optional<Duration> limit;
  Waiter waiter;
  std::optional<Timer> timer;

  bool await_ready() const noexcept { return event.set_; }
  void await_suspend(std::coroutine_handle<> handle) {
    waiter.handle = handle;
    waiter.insert_before(event.waiters_);
    if (limit) timer.emplace(event.loop_, event.loop_.now() + *limit, waiter);
  }
  bool await_resume() const noexcept { return !timer || !timer->fired() || event.set_; }
};

void Event::set() {
  set_ = true;
  while (waiters_.linked()) loop_.wake(*static_cast<Waiter*>(waiters_.next()));
}

Task<void> Event::wait() {
  Awaiter awaiter{.event = *this, .limit = {}, .waiter = {}, .timer = {}};
  co_await awaiter;
}

Task<bool> Event::wait_for(Duration limit) {
  Awaiter awaiter{.event = *this, .limit = limit, .waiter = {}, .timer = {}};
  const bool was_set = co_await awaiter;
  co_return was_set;
}

}  // namespace corral::io
