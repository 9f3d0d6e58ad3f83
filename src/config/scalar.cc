#include "config/scalar.h"

#include <algorithm>
#include <charconv>
#include <initializer_list>

namespace corral::config {
namespace {

bool is_one_of(std::string_view text, std::initializer_list<std::string_view> words) {
  return std::find(words.begin(), words.end(), text) != words.end();
}

// Takes the prefix that names the base off the digits. A leading 0 means octal, if it can.
int take_base(std::string& digits) {
  if (digits.size() < 2 || digits[0] != '0') return 10;
  const char letter = static_cast<char>(digits[1] | 0x20);
  const int base = letter == 'x' ? 16 : letter == 'o' ? 8 : letter == 'b' ? 2 : 0;
  if (base != 0) {
    digits.erase(0, 2);
    return base;
  }
  return digits.find_first_of("89") == std::string::npos ? 8 : 10;
}

}  // namespace

std::optional<std::int64_t> to_integer(std::string_view text) {
  const bool negative = text.starts_with('-');
  if (negative || text.starts_with('+')) text.remove_prefix(1);
  if (text.empty() || text[0] < '0' || text[0] > '9') return std::nullopt;
  std::string digits(text);
  std::erase(digits, '_');
  const int base = take_base(digits);
  std::uint64_t value = 0;
  const char* end = digits.data() + digits.size();
  const auto [stop, error] = std::from_chars(digits.data(), end, value, base);
  if (digits.empty() || error != std::errc{} || stop != end) return std::nullopt;
  if (value > static_cast<std::uint64_t>(INT64_MAX)) return std::nullopt;
  const auto number = static_cast<std::int64_t>(value);
  return negative ? -number : number;
}

std::optional<bool> to_boolean(const Node& scalar) {
  const std::string& text = scalar.text;
  if (scalar.plain && is_one_of(text, {"true", "True", "TRUE"})) return true;
  if (scalar.plain && is_one_of(text, {"false", "False", "FALSE"})) return false;
  if (is_one_of(text, {"y", "Y", "yes", "Yes", "YES", "on", "On", "ON"})) return true;
  if (is_one_of(text, {"n", "N", "no", "No", "NO", "off", "Off", "OFF"})) return false;
  return std::nullopt;
}

std::string inserted(const Node& scalar) {
  if (!scalar.plain) return scalar.text;
  const std::optional<std::int64_t> number = to_integer(scalar.text);
  if (number.has_value()) return std::to_string(*number);
  if (is_one_of(scalar.text, {"True", "TRUE"})) return "true";
  if (is_one_of(scalar.text, {"False", "FALSE"})) return "false";
  return scalar.text;
}

std::string described(const Node& node) {
  if (node.kind == Node::Kind::kSequence) return "a list";
  if (node.kind == Node::Kind::kMapping) return "a mapping";
  return node.is_null() ? "nothing" : in_quotes(node.text);
}

}  // namespace corral::config
