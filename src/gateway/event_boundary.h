// EventBoundary: passes server-sent events on only when they are whole, so that a stream that
// breaks in the middle of one can still be ended by a well-formed error event.
//
// Engines send whole events, so nearly every piece passes as it is, without a copy. The beginning
// of an unfinished event is kept until its end comes, up to kMost bytes; a longer event passes in
// pieces.
#pragma once

#include <string>
#include <string_view>

namespace corral::gateway {

class EventBoundary {
 public:
  static constexpr std::size_t kMost = 256 * 1024;

  // What may be passed on now, possibly nothing. Valid until the next call, as long as `piece` is.
  std::string_view push(std::string_view piece);

  // The last bytes that were passed ended an event.
  bool at_boundary() const { return at_boundary_; }

  // What has been kept back; for the stream's clean end.
  std::string_view rest() const { return held_; }

 private:
  std::string held_;
  std::string passed_;  // the memory behind the last result, where it is not the piece's own
  bool at_boundary_ = true;
};

}  // namespace corral::gateway
