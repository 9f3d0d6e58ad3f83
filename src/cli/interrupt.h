// Ctrl-C as an event, for a command that goes on behind it.
#pragma once

#include <memory>

#include "io/event.h"

namespace corral::cli {

// While one lives, SIGINT sets `pressed` instead of ending the program. Who has seen it clears it.
class Interrupt {
 public:
  explicit Interrupt(io::Loop& loop);
  io::Event& pressed() const;

 private:
  struct State;
  struct Close {
    void operator()(State* state) const;
  };
  std::unique_ptr<State, Close> state_;  // freed by libuv's close callback
};

}  // namespace corral::cli
