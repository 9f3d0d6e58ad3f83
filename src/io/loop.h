// The one loop thread: libuv's loop, the ready queue and the timers. Everything else in io takes
// the Loop by reference and is used on its thread only.
#pragma once

#include <pthread.h>

#include <memory>
#include <set>
#include <utility>

#include "base/time.h"
#include "io/ready.h"
#include "io/task.h"

struct uv_loop_s;
struct uv_timer_s;

namespace corral::io {

class Timer;

// A thread that works for the loop, from its start to its end; see helper.h.
struct Helper : Link {
  pthread_t thread{};
};

class Loop {
 public:
  Loop();
  // Requires: everything that was made with this loop is gone; handles still closing are waited
  // for.
  ~Loop();
  Loop(const Loop&) = delete;
  Loop& operator=(const Loop&) = delete;

  // Runs until the task is done. The task is `main` of the program or of a test.
  void run(Task<void> task);

  void wake(Waiter& waiter) { ready_.push(waiter); }
  // The last line of a callback of libuv that may have woken somebody, and that allows its handle's
  // close. A burst on many connections is passed on in parts before all of it is read, so that its
  // last bytes do not wait for all others'; a few are taken together, which costs less. `now`: who
  // was woken runs at once.
  void after_callback(bool now = false);

  // The helper is the loop's to take leave of, until it unlinks itself.
  void add(Helper& helper) { helper.insert_before(helpers_); }

  Instant now() const;
  uv_loop_s* uv() const { return uv_.get(); }

 private:
  friend class Timer;
  void run_ready();
  static void on_timer(uv_timer_s* handle);
  void arm();
  void add(Timer& timer);
  void remove(Timer& timer);

  ReadyQueue ready_;
  Link helpers_;
  bool running_ready_ = false;
  int callbacks_ = 0;  // since run_ready()
  std::set<std::pair<Instant, Timer*>> timers_;
  std::unique_ptr<uv_loop_s> uv_;
  uv_timer_s* uv_timer_;  // freed in its close callback
};

// Wakes its waiter at a point in time. The wait ends with the Timer's life.
class Timer {
 public:
  Timer(Loop& loop, Instant deadline, Waiter& waiter);
  ~Timer();
  Timer(const Timer&) = delete;
  Timer& operator=(const Timer&) = delete;
  bool fired() const { return fired_; }

 private:
  friend class Loop;
  Loop& loop_;
  Instant deadline_;
  Waiter& waiter_;
  bool fired_ = false;
};

// co_await sleep(loop, 5ms);
Task<void> sleep(Loop& loop, Duration time);

}  // namespace corral::io
