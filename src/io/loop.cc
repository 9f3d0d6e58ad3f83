#include "io/loop.h"

#include <uv.h>

#include <algorithm>
#include <atomic>
#include <csignal>
#include <optional>

namespace corral::io {
namespace {

// How often what is ready may make more ready before the kernel is asked for news: a chain of
// wake-ups costs no system call, and tasks that wake each other for ever do not hold the loop.
constexpr int kRounds = 16;

constexpr int kBurst = 16;

constexpr milliseconds kHelperPatience{1000};

// A write to a connection that the other side has reset shall be an error and not the program's
// end. For this thread alone: a host application keeps its own ways. Children begin with no signal
// blocked, libuv sees to that.
void block_broken_pipe_signal() {
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGPIPE);
  CHECK(pthread_sigmask(SIG_BLOCK, &signals, nullptr) == 0);
}

// libuv's loops that helpers still refer to, for as long as the program runs: their memory is not
// lost, and says so to whoever looks for leaks.
struct LeftBehind {
  std::unique_ptr<uv_loop_t> uv;
  LeftBehind* next;
};
std::atomic<LeftBehind*> g_left_behind = nullptr;

void leave_behind(std::unique_ptr<uv_loop_t> uv) {
  auto* left = new LeftBehind{.uv = std::move(uv), .next = g_left_behind.load()};
  while (!g_left_behind.compare_exchange_weak(left->next, left)) {
  }
}

}  // namespace

Loop::Loop() : uv_(std::make_unique<uv_loop_t>()), uv_timer_(new uv_timer_t) {
  CHECK(uv_loop_init(uv_.get()) == 0);
  CHECK(uv_timer_init(uv_.get(), uv_timer_) == 0);
  uv_timer_->data = this;
}

// A helper whose work does not end, such as a look at a file whose server is gone, is waited for no
// longer than a moment. What it will touch when it ends is left to it.
Loop::~Loop() {
  CHECK(timers_.empty());
  uv_timer_start(
      uv_timer_, [](uv_timer_t* handle) { uv_stop(handle->loop); }, kHelperPatience.count(), 0);
  uv_unref(reinterpret_cast<uv_handle_t*>(uv_timer_));
  uv_run(uv_.get(), UV_RUN_DEFAULT);
  if (uv_loop_alive(uv_.get()) != 0) {
    for (Link* link = helpers_.next(); link != &helpers_; link = link->next()) {
      pthread_detach(static_cast<Helper*>(link)->thread);
    }
    leave_behind(std::move(uv_));
    return;
  }
  uv_close(reinterpret_cast<uv_handle_t*>(uv_timer_),
           [](uv_handle_t* handle) { delete reinterpret_cast<uv_timer_t*>(handle); });
  uv_run(uv_.get(), UV_RUN_DEFAULT);
  CHECK(uv_loop_close(uv_.get()) == 0);
}

Instant Loop::now() const { return Clock::now(); }

void Loop::run(Task<void> task) {
  block_broken_pipe_signal();
  task.start();
  while (!task.done()) {
    run_ready();
    if (task.done()) break;
    uv_run(uv_.get(), ready_.empty() ? UV_RUN_ONCE : UV_RUN_NOWAIT);
  }
}

void Loop::run_ready() {
  CHECK(!running_ready_);
  running_ready_ = true;
  callbacks_ = 0;
  for (int round = 0; round < kRounds && !ready_.empty(); ++round) ready_.drain();
  running_ready_ = false;
}

void Loop::after_callback(bool now) {
  if (++callbacks_ >= kBurst || now) run_ready();
}

void Loop::add(Timer& timer) {
  const auto place = timers_.emplace(timer.deadline_, &timer).first;
  if (place == timers_.begin()) arm();
}

void Loop::remove(Timer& timer) {
  const bool was_first = !timers_.empty() && timers_.begin()->second == &timer;
  timers_.erase({timer.deadline_, &timer});
  if (was_first) arm();
}

// libuv counts whole milliseconds from its own cached time; round up, so that no timer is early.
void Loop::arm() {
  if (timers_.empty()) {
    uv_timer_stop(uv_timer_);
    return;
  }
  uv_update_time(uv_.get());
  const Duration wait = std::max(timers_.begin()->first - now(), Duration::zero());
  const auto rounded = std::chrono::ceil<milliseconds>(wait).count();
  uv_timer_start(uv_timer_, &Loop::on_timer, static_cast<std::uint64_t>(rounded), 0);
}

void Loop::on_timer(uv_timer_t* handle) {
  Loop& loop = *static_cast<Loop*>(handle->data);
  const Instant now = loop.now();
  while (!loop.timers_.empty() && loop.timers_.begin()->first <= now) {
    Timer& timer = *loop.timers_.begin()->second;
    loop.timers_.erase(loop.timers_.begin());
    timer.fired_ = true;
    loop.wake(timer.waiter_);
  }
  loop.arm();
  // libuv looks at timers also before it waits for events, and knows nothing of what is ready.
  if (!loop.ready_.empty()) uv_stop(loop.uv());
}

Timer::Timer(Loop& loop, Instant deadline, Waiter& waiter)
    : loop_(loop), deadline_(deadline), waiter_(waiter) {
  loop_.add(*this);
}

Timer::~Timer() {
  if (!fired_) loop_.remove(*this);
}

namespace {

struct SleepAwaiter {
  Loop& loop;
  Duration time;
  Waiter waiter;
  std::optional<Timer> timer;

  bool await_ready() const noexcept { return time <= Duration::zero(); }
  void await_suspend(std::coroutine_handle<> handle) {
    waiter.handle = handle;
    timer.emplace(loop, loop.now() + time, waiter);
  }
  void await_resume() const noexcept {}
};

}  // namespace

Task<void> sleep(Loop& loop, Duration time) {
  SleepAwaiter awaiter{.loop = loop, .time = time, .waiter = {}, .timer = {}};
  co_await awaiter;
}

}  // namespace corral::io
