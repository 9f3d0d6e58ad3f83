// MessageReader: the receiving half of one connection, for the server and the client alike. It owns
// the connection's buffers and cuts the incoming bytes into heads and decoded pieces of bodies.
//
// A message begins in the head buffer, where its head stays until next_message(), so that views
// into it hold. What came together with the head is decoded there in place, and small pieces
// that follow are read behind it; a larger body goes through a second buffer, which exists only
// while it is needed. An idle connection keeps
// none.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "base/result.h"
#include "http/chunk_decoder.h"
#include "http/message.h"
#include "io/block_cache.h"
#include "io/stream.h"

namespace corral::http {

class MessageReader {
 public:
  static constexpr std::size_t kSmall = 4 * 1024;
  static constexpr std::size_t kBody = 32 * 1024;  // most that one read of a body takes

  // `small`: what a head and small pieces of a body are expected to fit in.
  explicit MessageReader(std::size_t head_limit, std::size_t small = kSmall)
      : head_limit_(head_limit), small_(small) {}

  // No byte of the next message has come.
  bool empty() const { return end_ == 0; }

  // Reads once more into the head buffer; the count, 0 at the connection's end. Requires: take_head
  // has just found too little.
  io::Task<Result<std::size_t>> fill(io::Stream& stream);

  // The head's text if it has come whole, else empty. kInvalid for a bare LF, kLimit if the head is
  // larger than the limit.
  Result<std::string_view> take_head();

  // Gives up the head that was taken last, of an interim reply: the next one follows.
  void drop_head();

  // Says how the body after the taken head is framed.
  void begin_body(Framing framing, std::uint64_t length);

  // The next piece, valid until the next call; empty at the end. kClosed when the connection ends
  // before the body does, kInvalid when the chunks are malformed.
  io::Task<Result<std::string_view>> read_body(io::Stream& stream);
  bool body_done() const { return body_done_; }

  // Bytes have come that belong to nothing yet.
  bool has_leftover() const { return at_ < end_; }

  // Reads once and forgets what came; the count, 0 at the connection's end.
  io::Task<Result<std::size_t>> skip(io::Stream& stream);

  // The message is over: its views end. What has come of the next one is kept. Requires: body_done.
  void next_message();

 private:
  Result<std::string_view> decode();
  void make_room();
  void use_body_buffer();
  std::span<char> body_room();
  char* current() { return in_body_ ? body_.data() : head_.data(); }

  const std::size_t head_limit_;
  const std::size_t small_;
  io::Block head_;
  io::Block body_;
  std::size_t head_end_ = 0;  // of the head, in its buffer
  bool many_ = false;         // the last read filled its room
  bool in_body_ = false;      // at_ and end_ are places in the body's buffer, not in the head's
  std::size_t at_ = 0;        // the first byte that is not consumed
  std::size_t end_ = 0;       // after the last byte that was read
  std::size_t seen_ = 0;      // how far the head's end was looked for
  Framing framing_ = Framing::kNone;
  std::uint64_t left_ = 0;  // of a body with kLength
  ChunkDecoder chunks_;
  bool body_done_ = true;
};

}  // namespace corral::http
