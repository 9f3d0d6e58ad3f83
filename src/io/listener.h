// Listener: a bound TCP port that hands out accepted connections.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "io/stream.h"

namespace corral::io {

class Listener {
 public:
  Listener(Listener&&) noexcept = default;
  Listener& operator=(Listener&&) noexcept = default;

  // Binds and listens. `host` is an IP address; port 0 takes a free one. kUnavailable if the port
  // is taken.
  static Result<Listener> bind(Loop& loop, const std::string& host, std::uint16_t port);

  // The port that is bound.
  std::uint16_t port() const;

  // The next connection. One caller at a time.
  Task<Result<Stream>> accept();

 private:
  struct State;
  struct Close {
    void operator()(State* state) const;
  };
  explicit Listener(State* state) : state_(state) {}
  std::unique_ptr<State, Close> state_;  // freed by libuv's close callback
};

}  // namespace corral::io
