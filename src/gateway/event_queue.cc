#include "gateway/event_queue.h"

#include <utility>

#include "base/strings.h"

namespace corral::gateway {

std::string event_frame(std::string_view type, std::string_view json) {
  std::string frame = "event:message\ndata:{\"type\":";
  frame += json_quote(type) + ",\"data\":" + json_quote(json) + "}\n\n";
  return frame;
}

bool EventQueue::push(std::string_view frame) {
  if (behind_.any() || frames_.size() + frame.size() > kMost) return false;
  frames_ += frame;
  return true;
}

std::string EventQueue::take(Behind& behind) {
  behind = std::exchange(behind_, {});
  return std::exchange(frames_, {});
}

}  // namespace corral::gateway
