#include "json/cursor.h"

namespace corral::json {
namespace {

bool is_space(char c) { return c == ' ' || c == '\n' || c == '\r' || c == '\t'; }

}  // namespace

char Cursor::peek() {
  while (at_ < text_.size() && is_space(text_[at_])) ++at_;
  return at_ < text_.size() && !failed_ ? text_[at_] : '\0';
}

bool Cursor::take(char c) {
  if (peek() != c || failed_ || at_ == text_.size()) return fail();
  ++at_;
  return true;
}

bool Cursor::string(std::string_view& out) {
  if (!take('"')) return false;
  const std::size_t begin = at_;
  while (at_ < text_.size() && text_[at_] != '"') at_ += text_[at_] == '\\' ? 2 : 1;
  if (at_ >= text_.size()) return fail();
  out = text_.substr(begin, at_ - begin);
  ++at_;
  return true;
}

bool Cursor::value(std::string_view& out) {
  const char first = peek();
  const std::size_t begin = at_;
  if (!skip()) return false;
  out = text_.substr(begin, at_ - begin);
  return first != '\0';
}

// Containers are counted, not entered, so that no depth of them costs stack.
bool Cursor::skip() {
  std::size_t depth = 0;
  do {
    const char c = peek();
    std::string_view ignored;
    if (c == '"') {
      if (!string(ignored)) return false;
      continue;
    }
    const std::size_t begin = at_;
    if (c == '{' || c == '[') {
      ++depth;
      ++at_;
    } else if (c == '}' || c == ']') {
      if (depth == 0) return fail();
      --depth;
      ++at_;
    } else if (depth > 0 && (c == ',' || c == ':')) {
      ++at_;
    } else {
      constexpr std::string_view kEnd = ",:]}[{\" \n\r\t";
      while (at_ < text_.size() && kEnd.find(text_[at_]) == std::string_view::npos) ++at_;
    }
    if (at_ == begin) return fail();
  } while (depth > 0);
  return true;
}

}  // namespace corral::json
