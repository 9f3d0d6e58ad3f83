#include "config/mark.h"

#include <algorithm>

namespace corral::config {

std::string at(const std::string& file, Mark mark, std::string_view text) {
  if (mark.line == 0) return "corral set: " + std::string(text);
  return file + ":" + std::to_string(mark.line) + ":" + std::to_string(mark.column) + ": " +
         std::string(text);
}

std::string in_quotes(std::string_view text) {
  constexpr std::size_t kLongest = 80;
  std::string shown(text.substr(0, kLongest));
  if (text.size() > kLongest) {
    // The cut may have gone through a character: drop its continuation bytes and its first one.
    if ((static_cast<unsigned char>(text[kLongest]) & 0xC0) == 0x80) {
      while (!shown.empty() && (static_cast<unsigned char>(shown.back()) & 0xC0) == 0x80)
        shown.pop_back();
      if (!shown.empty()) shown.pop_back();
    }
    shown += "...";
  }
  std::replace_if(
      shown.begin(), shown.end(),
      [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7F; }, '?');
  return "'" + shown + "'";
}

}  // namespace corral::config
