// Signals as events on the loop's thread.
#pragma once

#include <functional>
#include <memory>

#include "io/event.h"

namespace corral::io {

// Calls `on_signal` on the loop for each signal of that number, which loses its usual effect for as
// long as the watch lives.
class SignalWatch {
 public:
  SignalWatch(Loop& loop, int number, std::function<void()> on_signal);

 private:
  struct State;
  struct Close {
    void operator()(State* state) const;
  };
  std::unique_ptr<State, Close> state_;  // freed by libuv's close callback
};

// Watches SIGINT and SIGTERM. The first sets `first`, the second `second`.
class StopSignals {
 public:
  explicit StopSignals(Loop& loop);
  StopSignals(const StopSignals&) = delete;
  StopSignals& operator=(const StopSignals&) = delete;
  Event& first() { return first_; }
  Event& second() { return second_; }

 private:
  Event first_;
  Event second_;
  SignalWatch interrupt_;  // the watches go before what they set
  SignalWatch terminate_;
};

// Ctrl-C, for a command that goes on behind it: SIGINT sets `pressed`. Who has seen it clears it.
class Interrupt {
 public:
  explicit Interrupt(Loop& loop);
  Interrupt(const Interrupt&) = delete;
  Interrupt& operator=(const Interrupt&) = delete;
  Event& pressed() { return pressed_; }

 private:
  Event pressed_;
  SignalWatch watch_;
};

}  // namespace corral::io
