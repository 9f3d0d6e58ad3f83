#include "message.h"

#include <strings.h>

#include <algorithm>
#include <charconv>

namespace bench {
namespace {

constexpr std::size_t kMaxHead = 64 * 1024;

bool parse(std::string_view text, int base, std::uint64_t& value) {
  const auto [stop, error] = std::from_chars(text.data(), text.data() + text.size(), value, base);
  return error == std::errc{} && stop != text.data();
}

}  // namespace

void MessageReader::reset() {
  state_ = State::kHead;
  head_.clear();
  line_.clear();
  left_ = 0;
}

int MessageReader::status() const {
  std::uint64_t value = 0;
  const std::size_t space = head_.find(' ');
  if (space == std::string::npos) return 0;
  return parse(std::string_view(head_).substr(space + 1, 3), 10, value) ? static_cast<int>(value)
                                                                        : 0;
}

std::string_view MessageReader::header(std::string_view name) const {
  const std::string_view head = head_;
  std::size_t line = head.find("\r\n") + 2;
  while (line < head.size()) {
    const std::size_t end = head.find("\r\n", line);
    const std::size_t colon = head.find(':', line);
    if (end == std::string_view::npos || colon == std::string_view::npos) return {};
    if (colon - line == name.size() &&
        ::strncasecmp(head.data() + line, name.data(), name.size()) == 0) {
      const std::size_t value = head.find_first_not_of(" \t", colon + 1);
      return head.substr(value, std::max(end, value) - value);
    }
    line = end + 2;
  }
  return {};
}

std::size_t MessageReader::feed(std::string_view bytes) {
  std::size_t used = 0;
  while (used < bytes.size() && !done() && !broken()) {
    const std::string_view rest = bytes.substr(used);
    switch (state_) {
      case State::kHead: used += head_bytes(rest); break;
      case State::kChunkSize:
      case State::kChunkEnd:
      case State::kTrailer: used += line_bytes(rest); break;
      case State::kLength:
      case State::kChunk:
      case State::kToEnd: used += body_bytes(rest); break;
      case State::kDone:
      case State::kBroken: break;
    }
  }
  return used;
}

std::size_t MessageReader::head_bytes(std::string_view bytes) {
  const std::size_t before = head_.size();
  head_.append(bytes);
  const std::size_t from = before < 3 ? 0 : before - 3;
  const std::size_t end = head_.find("\r\n\r\n", from);
  if (end == std::string::npos) {
    if (head_.size() > kMaxHead) state_ = State::kBroken;
    return bytes.size();
  }
  head_.resize(end + 4);
  const std::size_t used = end + 4 - before;
  begin_body();
  return used;
}

void MessageReader::begin_body() {
  if (!header("Transfer-Encoding").empty()) {
    state_ = State::kChunkSize;
  } else if (const std::string_view length = header("Content-Length"); !length.empty()) {
    state_ = !parse(length, 10, left_) ? State::kBroken : left_ > 0 ? State::kLength : State::kDone;
  } else {
    state_ = is_reply_ ? State::kToEnd : State::kDone;
  }
}

std::size_t MessageReader::line_bytes(std::string_view bytes) {
  const std::size_t end = bytes.find('\n');
  const std::size_t used = end == std::string_view::npos ? bytes.size() : end + 1;
  line_.append(bytes.substr(0, used));
  if (end != std::string_view::npos) take_line();
  if (line_.size() > kMaxHead) state_ = State::kBroken;
  return used;
}

void MessageReader::take_line() {
  const bool empty = line_ == "\r\n";
  if (state_ == State::kChunkEnd) {
    state_ = empty ? State::kChunkSize : State::kBroken;
  } else if (state_ == State::kTrailer) {
    if (empty) state_ = State::kDone;
  } else if (!parse(line_, 16, left_)) {
    state_ = State::kBroken;
  } else {
    state_ = left_ > 0 ? State::kChunk : State::kTrailer;
  }
  line_.clear();
}

std::size_t MessageReader::body_bytes(std::string_view bytes) {
  if (state_ == State::kToEnd) {
    on_body_(bytes);
    return bytes.size();
  }
  const auto used = static_cast<std::size_t>(std::min<std::uint64_t>(left_, bytes.size()));
  on_body_(bytes.substr(0, used));
  left_ -= used;
  if (left_ == 0) state_ = state_ == State::kChunk ? State::kChunkEnd : State::kDone;
  return used;
}

}  // namespace bench
