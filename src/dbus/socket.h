// Socket: a connected Unix socket over which file descriptors can come, which io::Stream's cannot.
// One reader. Loop thread only; the loop outlives it.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/descriptor.h"
#include "base/result.h"
#include "io/loop.h"

namespace corral::dbus {

class Socket {
 public:
  // `path` begins with '\0' for an abstract name. kUnavailable if nobody listens there.
  static Result<Socket> connect(io::Loop& loop, const std::string& path);

  // Appends what has come, at least a byte, and the descriptors that came with it. kClosed at the
  // end.
  io::Task<Result<void>> read(std::string& bytes, std::vector<Descriptor>& descriptors);

  // Sends a few bytes at once. kIo if the other side has not taken what it was sent before.
  Result<void> write(std::string_view bytes) const;

 private:
  struct State;
  struct Close {
    void operator()(State* state) const;
  };
  explicit Socket(State* state) : state_(state) {}
  Result<std::size_t> receive(std::string& bytes, std::vector<Descriptor>& descriptors) const;

  std::unique_ptr<State, Close> state_;  // freed by libuv's close callback
};

}  // namespace corral::dbus
