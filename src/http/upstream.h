// Upstream: one connection of the Client with what belongs to the call that uses it. Private to the
// client. Owned by a Call, or by the pool while it is idle.
#pragma once

#include <array>
#include <string>

#include "http/client.h"
#include "http/message_reader.h"

namespace corral::http {

struct Upstream {
  static constexpr std::size_t kHeadLimit = 64 * 1024;

  Address address;
  io::Stream stream;
  // Heads of engines have a few hundred bytes, and so have their events.
  MessageReader reader{kHeadLimit, MessageReader::kSmall / 2};
  Instant idle_since;
  bool reused = false;

  // The request.
  std::string head_out;  // its memory is reused
  bool head_due = false;
  bool is_head = false;  // the method is HEAD
  bool request_ended = false;
  bool write_failed = false;
  Framing framing = Framing::kNone;
  std::uint64_t length = 0;
  std::uint64_t sent = 0;
  std::array<char, 20> size_line;

  // The reply.
  ResponseHead head;
  bool reply_begun = false;
  bool head_read = false;

  // Both sides of the call have ended well, and the connection may serve another.
  bool reusable() const {
    return request_ended && !write_failed && head_read && head.keep_alive && reader.body_done() &&
           !reader.has_leftover() && stream.quiet();
  }
};

}  // namespace corral::http
