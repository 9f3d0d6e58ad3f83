// Stream: a connected byte stream, TCP or a pipe, with back-pressure both ways.
//
// Reading is always on up to kReadAhead bytes, so the end of the connection is noticed while nobody
// reads: `closed()` is the event for that. What nobody has asked for yet waits in a small buffer;
// when that is full the kernel's window closes and the sender waits.
//
// One reader and one writer at a time. Dropping the Stream closes the connection at once.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "base/result.h"
#include "io/event.h"

struct uv_stream_s;

namespace corral::io {

class Stream {
 public:
  // Bytes that are read before anybody asks for them.
  static constexpr std::size_t kReadAhead = 64 * 1024;

  Stream() = default;
  Stream(Stream&&) noexcept = default;
  Stream& operator=(Stream&&) noexcept = default;

  // A handle of this loop that is not connected yet. For connect, Listener and Process.
  static Stream make_tcp(Loop& loop);
  static Stream make_pipe(Loop& loop);
  uv_stream_s* uv() const;
  // Begins to read. Called once, when the connection stands.
  void begin();

  bool valid() const { return state_ != nullptr; }

  // Up to buffer.size() bytes as soon as there are any; 0 at the end of the stream. `buffer` is not
  // empty and outlives the wait.
  Task<Result<std::size_t>> read(std::span<char> buffer);

  // Returns when read() would not wait. An idle stream that is waited for so holds no buffer.
  Task<void> readable();

  // Returns when the kernel has taken all bytes. Bytes that it does not take at once are copied, so
  // a cancelled write leaves nothing dangling, but the stream is then fit for closing only.
  Task<Result<void>> write(std::string_view bytes);
  Task<Result<void>> write(std::span<const std::string_view> pieces);

  // Set when the other side has closed or the connection has failed.
  Event& closed() const;

  // The other side's IP address; empty for a socket that has none. One system call.
  std::string peer() const;

  // The connection stands and nothing has come that nobody has read.
  bool quiet() const;

  // For an owner's time limits. The reading under way, and any later one, ends with kTimeout once
  // what has come is read; writing goes on.
  void expire_read();
  // The write under way ends with kTimeout; the stream is then fit for closing only.
  void expire_write();

  // Tells the other side that nothing more comes; reading goes on. Requires: no write under way.
  void finish_writing();

 private:
  struct State;
  struct Close {
    void operator()(State* state) const;
  };
  explicit Stream(State* state) : state_(state) {}
  std::unique_ptr<State, Close> state_;  // freed by libuv's close callback
};

// `host` is an IPv4 or IPv6 address; "localhost" means 127.0.0.1. Names are not looked up.
Task<Result<Stream>> connect_tcp(Loop& loop, std::string host, std::uint16_t port);
Task<Result<Stream>> connect_unix(Loop& loop, std::string path);

}  // namespace corral::io
