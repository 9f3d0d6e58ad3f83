// Signals that ask the program to end, as counts on the loop's thread.
#pragma once

#include <memory>

#include "io/event.h"

namespace corral::io {

// Watches SIGINT and SIGTERM. The first sets `first`, the second `second`.
class StopSignals {
 public:
  explicit StopSignals(Loop& loop);
  Event& first() const;
  Event& second() const;

 private:
  struct State;
  struct Close {
    void operator()(State* state) const;
  };
  std::unique_ptr<State, Close> state_;  // freed by libuv's close callbacks
};

}  // namespace corral::io
