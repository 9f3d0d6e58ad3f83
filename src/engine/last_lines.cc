#include "engine/last_lines.h"

#include <vector>

#include "base/strings.h"

namespace corral::engine {
namespace {

// llama-server says the cause first and then, once for each caller, that it failed.
constexpr std::size_t kMostLines = 10;
constexpr std::size_t kMostBytes = 1600;

bool is_continuation(char c) { return (static_cast<unsigned char>(c) & 0xc0) == 0x80; }

}  // namespace

std::string plain_line(std::string_view line) {
  std::string out;
  for (std::size_t i = 0; i < line.size(); ++i) {
    const auto c = static_cast<unsigned char>(line[i]);
    if (c == 0x1b && i + 1 < line.size() && line[i + 1] == '[') {
      i += 2;
      while (i < line.size() && (line[i] < 0x40 || line[i] > 0x7e)) ++i;
    } else if (c == '\t') {
      out.push_back(' ');
    } else if (c >= 0x20 && c != 0x7f) {
      out.push_back(line[i]);
    }
  }
  return std::string(trim(out));
}

std::string_view beginning_of(std::string_view text, std::size_t most) {
  if (text.size() <= most) return text;
  while (most > 0 && is_continuation(text[most])) --most;
  return text.substr(0, most);
}

std::string last_lines(std::string_view text) {
  const std::vector<std::string_view> lines = split(text, '\n');
  std::string out;
  std::size_t count = 0;
  for (auto line = lines.rbegin(); line != lines.rend() && count < kMostLines; ++line) {
    std::string words = plain_line(*line);
    if (words.empty()) continue;
    const std::size_t room = kMostBytes - out.size() - (count > 0 ? 1 : 0);
    if (words.size() > room) {
      if (count > 0) break;
      words = beginning_of(words, room);
    }
    out.insert(0, count > 0 ? words + "\n" : words);
    ++count;
  }
  return out;
}

}  // namespace corral::engine
