// Event: a flag that tasks wait for. Set stays set until it is cleared; every waiter is woken.
// Waits end when the waiting task is cancelled, or at a deadline.
#pragma once

#include <optional>

#include "io/loop.h"

namespace corral::io {

class Event {
 public:
  explicit Event(Loop& loop) : loop_(loop) {}
  // Requires: nobody waits any more.
  ~Event() { CHECK(!waiters_.linked()); }
  Event(const Event&) = delete;
  Event& operator=(const Event&) = delete;

  void set();
  void clear() { set_ = false; }
  bool is_set() const { return set_; }

  // Returns when the event is set. At once if it is set already.
  Task<void> wait();
  // The same with a limit: true if the event was set, false if the time ran out first.
  Task<bool> wait_for(Duration limit);

 private:
  struct Awaiter;
  Loop& loop_;
  Link waiters_;
  bool set_ = false;
};

}  // namespace corral::io
