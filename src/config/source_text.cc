#include "config/source_text.h"

namespace corral::config {
namespace {

struct Decoded {
  char32_t point = 0;
  std::size_t length = 0;  // 0: not UTF-8
};

// The character at the start of `text`, which is not empty.
Decoded decode(std::string_view text) {
  const auto first = static_cast<unsigned char>(text[0]);
  if (first < 0x80) return {first, 1};
  if (first < 0xC2 || first > 0xF4) return {};
  const std::size_t length = first >= 0xF0 ? 4 : first >= 0xE0 ? 3 : 2;
  if (text.size() < length) return {};
  char32_t point = first & (0xFFu >> (length + 1));
  for (std::size_t i = 1; i < length; ++i) {
    const auto byte = static_cast<unsigned char>(text[i]);
    if ((byte & 0xC0) != 0x80) return {};
    point = point << 6 | (byte & 0x3F);
  }
  const bool overlong = (length == 3 && point < 0x800) || (length == 4 && point < 0x10000);
  const bool surrogate = point >= 0xD800 && point <= 0xDFFF;
  return overlong || surrogate || point > 0x10FFFF ? Decoded{} : Decoded{point, length};
}

// YAML 1.1, section 5.1, as libyaml reads it.
bool printable(char32_t point) {
  if (point < 0x20) return point == '\t' || point == '\n' || point == '\r';
  if (point >= 0x7F && point < 0xA0) return point == 0x85;
  return point != 0xFEFF && point != 0xFFFE && point != 0xFFFF;
}

void advance(Mark& mark, char32_t point) {
  if (point == '\n') {
    ++mark.line;
    mark.column = 1;
  } else {
    ++mark.column;
  }
}

bool is_name_character(char c, bool first) {
  const bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
  return letter || (!first && c >= '0' && c <= '9');
}

constexpr std::string_view kOpen = "${env.";

// The variable's name if `text` begins with ${env.NAME}, else empty.
std::string_view variable_at(std::string_view text) {
  if (!text.starts_with(kOpen)) return {};
  text.remove_prefix(kOpen.size());
  std::size_t length = 0;
  while (length < text.size() && is_name_character(text[length], length == 0)) ++length;
  return length < text.size() && text[length] == '}' ? text.substr(0, length) : std::string_view();
}

bool fits_in_a_line(std::string_view value) {
  while (!value.empty()) {
    const Decoded next = decode(value);
    if (next.length == 0 || !printable(next.point)) return false;
    if (next.point == '\n' || next.point == '\r' || next.point == 0x85) return false;
    value.remove_prefix(next.length);
  }
  return true;
}

void append_escaped(std::string& out, std::string_view value) {
  for (const char c : value) {
    if (c == '\\' || c == '"') out.push_back('\\');
    out.push_back(c);
  }
}

}  // namespace

Result<void> check_text(std::string_view text, const std::string& file) {
  Mark mark{1, 1};
  if (text.starts_with("\xEF\xBB\xBF")) text.remove_prefix(3);
  while (!text.empty()) {
    const Decoded next = decode(text);
    if (next.length == 0) {
      return fail(Code::kInvalid,
                  at(file, mark, "this byte is not UTF-8; save the file with UTF-8 encoding"));
    }
    if (!printable(next.point)) {
      return fail(Code::kInvalid,
                  at(file, mark,
                     "a control character stands here, which YAML forbids; remove it, or write "
                     "it as an escape in double quotes"));
    }
    advance(mark, next.point);
    text.remove_prefix(next.length);
  }
  return {};
}

Result<std::string> replace_environment(std::string_view text, const std::string& file,
                                        const Environment& environment) {
  constexpr std::size_t kMaxBytes = 16 * 1024 * 1024;
  std::string result;
  result.reserve(text.size());
  Mark mark{1, 1};
  bool maybe_comment = false;  // a '#' that may begin a comment stood on this line
  char before = '\n';
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (c == '\n') maybe_comment = false;
    if (c == '#' && (before == '\n' || before == ' ' || before == '\t')) maybe_comment = true;
    const std::string_view name = c == '$' ? variable_at(text.substr(i)) : std::string_view();
    if (!name.empty()) {
      const std::optional<std::string> value = environment(name);
      const bool usable = value.has_value() && fits_in_a_line(*value);
      if (!usable && !maybe_comment) {
        return fail(Code::kInvalid,
                    at(file, mark,
                       "the environment variable " + in_quotes(name) +
                           (value.has_value()
                                ? " has line breaks or control characters, which cannot stand here"
                                : " is not set; set it, or write the value itself")));
      }
      const std::size_t length = kOpen.size() + name.size() + 1;
      if (usable) {
        append_escaped(result, *value);
      } else {
        result.append(text.substr(i, length));
      }
      if (result.size() > kMaxBytes) {
        return fail(Code::kLimit, at(file, mark, "the file grows beyond 16 MiB here"));
      }
      mark.column += static_cast<int>(length);
      i += length - 1;
      before = '}';
      continue;
    }
    if ((static_cast<unsigned char>(c) & 0xC0) != 0x80)
      advance(mark, static_cast<unsigned char>(c));
    result.push_back(c);
    before = c;
  }
  return result;
}

}  // namespace corral::config
