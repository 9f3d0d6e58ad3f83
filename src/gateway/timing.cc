#include "gateway/timing.h"

#include <array>
#include <charconv>

namespace corral::gateway {

std::string milliseconds_text(Duration duration) {
  const auto tenths = std::chrono::duration_cast<std::chrono::microseconds>(duration).count() / 100;
  std::array<char, 32> text;
  char* end = std::to_chars(text.data(), text.data() + 24, tenths / 10).ptr;
  *end++ = '.';
  *end++ = static_cast<char>('0' + tenths % 10);
  return std::string(text.data(), end);
}

std::string Timing::server_timing() const {
  std::string text;
  text.reserve(96);
  text += "body;dur=";
  text += milliseconds_text(known - received);
  text += loaded ? ", load;dur=" : ", queue;dur=";
  text += milliseconds_text(admitted - known);
  text += ", engine;dur=";
  text += milliseconds_text(first_byte - admitted);
  return text;
}

}  // namespace corral::gateway
