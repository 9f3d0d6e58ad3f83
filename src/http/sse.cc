#include "http/sse.h"

namespace corral::http {

bool SseReader::take(std::string_view& bytes) {
  if (after_cr_ && bytes[0] == '\n') bytes.remove_prefix(1);
  after_cr_ = false;
  const std::size_t end = bytes.find_first_of("\r\n");
  const std::string_view part = bytes.substr(0, end);
  if (line_.size() + part.size() > limit_) {
    too_long_ = true;
    return false;
  }
  if (end == std::string_view::npos) {
    line_.append(part);
    bytes = {};
    return false;
  }
  after_cr_ = bytes[end] == '\r';
  bytes.remove_prefix(end + 1);
  if (line_.empty()) return end_line(part);
  line_.append(part);
  const bool complete = end_line(line_);
  line_.clear();
  return complete;
}

bool SseReader::end_line(std::string_view line) {
  if (at_start_ && line.starts_with("\xEF\xBB\xBF")) line.remove_prefix(3);
  at_start_ = false;
  if (line.empty()) {
    const bool complete = has_data_;
    has_data_ = false;
    if (!complete) event_.clear();  // an event without data is none
    return complete;
  }
  const std::size_t colon = line.find(':');
  const std::string_view field = line.substr(0, colon);
  std::string_view value = colon == std::string_view::npos ? "" : line.substr(colon + 1);
  if (value.starts_with(' ')) value.remove_prefix(1);
  if (field == "event") event_ = value;
  if (field == "data") {
    if (data_.size() + value.size() >= limit_) {
      too_long_ = true;
      return false;
    }
    if (has_data_) data_ += '\n';
    data_ += value;
    has_data_ = true;
  }
  return false;
}

}  // namespace corral::http
