// SseReader: takes server-sent events (the WHATWG event stream format) from bytes that arrive in
// any split. Lines may end in LF, CR or CRLF. Its buffers are kept from event to event.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "base/result.h"

namespace corral::http {

class SseReader {
 public:
  // `limit`: bytes of one line, and of one event's data.
  explicit SseReader(std::size_t limit = 1024 * 1024) : limit_(limit) {}

  // Calls on_event(std::string_view event, std::string_view data) for every event that `bytes`
  // completes; `event` is empty where the stream names none. The views are valid during the call.
  // kLimit if a line or an event is too long; the reader is spent then.
  template <class OnEvent>
  Result<void> push(std::string_view bytes, OnEvent on_event) {
    while (!bytes.empty()) {
      const bool complete = take(bytes);
      if (too_long_) return fail(Code::kLimit, "an event of the stream is too long");
      if (!complete) continue;
      on_event(std::string_view(event_), std::string_view(data_));
      event_.clear();
      data_.clear();
    }
    return {};
  }

 private:
  // Takes one line, or what there is of it, off `bytes`. True if it completed an event.
  bool take(std::string_view& bytes);
  bool end_line(std::string_view line);

  std::size_t limit_;
  std::string line_;  // the beginning of a line whose end has not come yet
  std::string event_;
  std::string data_;
  bool has_data_ = false;
  bool after_cr_ = false;  // an LF that follows belongs to the same line end
  bool at_start_ = true;   // a byte order mark may stand here
  bool too_long_ = false;
};

}  // namespace corral::http
