// Small text helpers that the standard library lacks. Views never outlive their arguments.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace corral {

// Removes ASCII space, tab, CR and LF from both ends.
std::string_view trim(std::string_view text);

namespace detail {
bool same_letters(const char* a, const char* b, std::size_t size);
}

// ASCII only: header names and config words are not localised. Most comparisons end at the size.
inline bool equals_ignore_case(std::string_view a, std::string_view b) {
  return a.size() == b.size() && detail::same_letters(a.data(), b.data(), a.size());
}
std::string to_lower(std::string_view text);

std::vector<std::string_view> split(std::string_view text, char separator);

// A whole decimal number without sign, spaces or overflow; nothing otherwise.
std::optional<std::uint64_t> parse_u64(std::string_view text);

// Percent-decodes a URL path or query value. Nothing if an escape is malformed or decodes to NUL.
std::optional<std::string> percent_decode(std::string_view text);

// The text as one segment of a URL path: all but letters, digits and "-._~" escaped.
std::string percent_encode(std::string_view text);

// Up to `limit` candidates closest to `wanted` by edit distance, nearest first; those that would
// need more than half of their letters changed are left out. For "did you mean".
std::vector<std::string> nearest(std::string_view wanted,
                                 const std::vector<std::string>& candidates, std::size_t limit);

// Length of the valid UTF-8 sequence at the start of `text`, which is not empty; 0 if there is
// none.
std::size_t utf8_length(std::string_view text);

// The text as a JSON string literal with quotes. Invalid UTF-8 becomes U+FFFD.
std::string json_quote(std::string_view text);

}  // namespace corral
