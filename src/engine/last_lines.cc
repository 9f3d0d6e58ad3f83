#include "engine/last_lines.h"

#include <algorithm>
#include <vector>

#include "base/strings.h"

namespace corral::engine {
namespace {

// llama-server says the cause first and then, once for each caller, that it failed.
constexpr std::size_t kMostLines = 10;
constexpr std::size_t kMostBytes = 1600;

bool is_continuation(char c) { return (static_cast<unsigned char>(c) & 0xc0) == 0x80; }

unsigned char at(std::string_view text, std::size_t index) {
  return index < text.size() ? static_cast<unsigned char>(text[index]) : 0;
}

// A control character of the second set, which some terminals obey as they do ESC: two bytes in
// UTF-8.
bool is_second_set(std::string_view text, std::size_t index) {
  return at(text, index) == 0xc2 && at(text, index + 1) >= 0x80 && at(text, index + 1) < 0xa0;
}

// Where the sequence ends that begins at `index`; `index` itself if none does. Source: ECMA-48.
std::size_t end_of_sequence(std::string_view line, std::size_t index) {
  const bool escape = at(line, index) == 0x1b;
  if (!escape && !is_second_set(line, index)) return index;
  const unsigned char kind =
      escape ? at(line, index + 1) : static_cast<unsigned char>(at(line, index + 1) - 0x40);
  std::size_t end = index + 2;
  if (kind == '[') {
    while (end < line.size() && (at(line, end) < 0x40 || at(line, end) > 0x7e)) ++end;
    return std::min(end + 1, line.size());
  }
  const bool is_text = kind == ']' || kind == 'P' || kind == 'X' || kind == '^' || kind == '_';
  if (is_text) {
    // Up to BEL or ST. One without an end hides nothing of what follows.
    for (; end < line.size(); ++end) {
      if (at(line, end) == 0x07) return end + 1;
      if (at(line, end) == 0x1b && at(line, end + 1) == '\\') return end + 2;
      if (is_second_set(line, end) && at(line, end + 1) == 0x9c) return end + 2;
    }
  }
  return escape ? index + 1 : index + 2;
}

}  // namespace

std::string plain_line(std::string_view line) {
  std::string out;
  for (std::size_t i = 0; i < line.size();) {
    const std::size_t end = end_of_sequence(line, i);
    if (end != i) {
      i = end;
      continue;
    }
    const unsigned char c = at(line, i);
    ++i;
    // What was left out may have stood between the two bytes of a control character.
    if (c >= 0x80 && c < 0xa0 && out.ends_with('\xc2')) {
      out.pop_back();
      continue;
    }
    if (c == '\t') out.push_back(' ');
    if (c >= 0x20 && c != 0x7f) out.push_back(static_cast<char>(c));
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
