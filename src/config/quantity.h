// Amounts as people write them: times and sizes with a unit behind the number.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string_view>

namespace corral::config {

// Seconds, with a decimal point or without, or numbers with the units ms, s, m and h: "2", "0.5",
// "500ms", "1m30s". What is less than a millisecond is dropped. Nothing if the text is none of
// these, or more than a hundred years.
std::optional<std::chrono::milliseconds> to_duration(std::string_view text);

// Bytes, or a number with K, M, G or T: "8G" and "8GiB" count in powers of 1024 as programs do,
// "8GB" in powers of 1000. Blanks before the unit and its case do not matter. Nothing if it is
// none of these or does not fit.
std::optional<std::uint64_t> to_bytes(std::string_view text);

// A decimal number without exponent, such as "0.75" or "-1".
bool is_decimal(std::string_view text);

}  // namespace corral::config
