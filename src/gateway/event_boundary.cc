#include "gateway/event_boundary.h"

#include <algorithm>

namespace corral::gateway {
namespace {

// The length of `text` up to and with the last empty line.
std::size_t whole_events(std::string_view text) {
  // Engines write an event at a time: nothing has to be looked for.
  if (text.ends_with("\n\n") || text.ends_with("\n\r\n")) return text.size();
  const std::size_t lf = text.rfind("\n\n");
  const std::size_t crlf = text.rfind("\n\r\n");
  const std::size_t after_lf = lf == std::string_view::npos ? 0 : lf + 2;
  const std::size_t after_crlf = crlf == std::string_view::npos ? 0 : crlf + 3;
  return std::max(after_lf, after_crlf);
}

}  // namespace

std::string_view EventBoundary::push(std::string_view piece) {
  if (held_.empty()) {
    const std::size_t whole = whole_events(piece);
    if (whole == piece.size()) {
      at_boundary_ = true;
      return piece;
    }
    held_.assign(piece.substr(whole));
    if (whole > 0) {
      at_boundary_ = true;
      return piece.substr(0, whole);
    }
  } else {
    held_.append(piece);
  }
  std::size_t whole = whole_events(held_);
  if (whole > 0) {
    at_boundary_ = true;
  } else if (held_.size() > kMost) {
    whole = held_.size();
    at_boundary_ = false;
  } else {
    return {};
  }
  passed_.assign(held_, 0, whole);
  held_.erase(0, whole);
  return passed_;
}

}  // namespace corral::gateway
