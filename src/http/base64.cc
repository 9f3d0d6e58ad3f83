#include "http/base64.h"

#include <cstdint>

namespace corral::http {
namespace {

int value_of(char c) {
  if (c >= 'A' && c <= 'Z') return c - 'A';
  if (c >= 'a' && c <= 'z') return c - 'a' + 26;
  if (c >= '0' && c <= '9') return c - '0' + 52;
  if (c == '+') return 62;
  return c == '/' ? 63 : -1;
}

}  // namespace

std::optional<std::string> base64_decode(std::string_view text) {
  if (const std::size_t end = text.find('='); end != std::string_view::npos) {
    const std::string_view padding = text.substr(end);
    if ((padding != "=" && padding != "==") || text.size() % 4 != 0) return std::nullopt;
    text = text.substr(0, end);
  }
  std::string bytes;
  std::uint32_t bits = 0;
  int count = 0;  // of bits that wait
  for (const char c : text) {
    const int value = value_of(c);
    if (value < 0) return std::nullopt;
    bits = (bits << 6) | static_cast<std::uint32_t>(value);
    count += 6;
    if (count < 8) continue;
    count -= 8;
    bytes.push_back(static_cast<char>((bits >> count) & 0xFF));
  }
  const bool whole = count < 6 && (bits & ((1U << count) - 1)) == 0;
  return whole ? std::optional(bytes) : std::nullopt;
}

}  // namespace corral::http
