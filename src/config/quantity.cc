#include "config/quantity.h"

#include <algorithm>
#include <array>
#include <string>

#include "base/strings.h"

namespace corral::config {
namespace {

constexpr std::uint64_t kMostSeconds = 100ull * 365 * 24 * 3600;

bool is_digit(char c) { return c >= '0' && c <= '9'; }

// A number with at most `places` digits behind its point that count, as a multiple of the last
// place: "1.5" with three places is 1500. It is taken off `text`. Nothing if none begins there.
std::optional<std::uint64_t> take_number(std::string_view& text, std::size_t places) {
  const auto end_of_digits = [&](std::size_t from) {
    while (from < text.size() && is_digit(text[from])) ++from;
    return from;
  };
  const std::size_t point = end_of_digits(0);
  if (point == 0) return std::nullopt;
  std::string digits(text.substr(0, point));
  std::size_t end = point;
  if (point < text.size() && text[point] == '.') {
    end = end_of_digits(point + 1);
    if (end == point + 1) return std::nullopt;
    const std::size_t taken = std::min(end - point - 1, places);
    digits += text.substr(point + 1, taken);
    places -= taken;
  }
  digits.append(places, '0');
  text.remove_prefix(end);
  return parse_u64(digits);
}

struct Unit {
  std::string_view name;
  std::uint64_t size;
};

constexpr std::array kTimes = {Unit{"ms", 1}, Unit{"s", 1000}, Unit{"m", 60'000},
                               Unit{"h", 3'600'000}};

// The unit that stands at the beginning, which is taken off.
std::optional<std::uint64_t> take_time_unit(std::string_view& text) {
  const std::size_t length =
      static_cast<std::size_t>(std::ranges::find_if(text, is_digit) - text.begin());
  const std::string_view word = trim(text.substr(0, length));
  const auto unit =
      std::ranges::find_if(kTimes, [&](const Unit& known) { return known.name == word; });
  if (unit == kTimes.end()) return std::nullopt;
  text.remove_prefix(length);
  return unit->size;
}

constexpr std::array kSizes = {Unit{"", 1},
                               Unit{"b", 1},
                               Unit{"k", 1ull << 10},
                               Unit{"kib", 1ull << 10},
                               Unit{"kb", 1000},
                               Unit{"m", 1ull << 20},
                               Unit{"mib", 1ull << 20},
                               Unit{"mb", 1000'000},
                               Unit{"g", 1ull << 30},
                               Unit{"gib", 1ull << 30},
                               Unit{"gb", 1000'000'000},
                               Unit{"t", 1ull << 40},
                               Unit{"tib", 1ull << 40},
                               Unit{"tb", 1000'000'000'000}};

}  // namespace

std::optional<std::chrono::milliseconds> to_duration(std::string_view text) {
  text = trim(text);
  std::uint64_t total = 0;  // microseconds
  const bool without_unit = text.find_first_not_of("0123456789.") == std::string_view::npos;
  if (text.empty()) return std::nullopt;
  while (!text.empty()) {
    const std::optional<std::uint64_t> number = take_number(text, 3);
    if (!number) return std::nullopt;
    const std::optional<std::uint64_t> unit =
        without_unit ? std::optional<std::uint64_t>(1000) : take_time_unit(text);
    if (!unit || *number > kMostSeconds * 1'000'000 / *unit) return std::nullopt;
    total += *number * *unit;
    if (total > kMostSeconds * 1'000'000 || (without_unit && !text.empty())) return std::nullopt;
  }
  return std::chrono::milliseconds(total / 1000);
}

std::optional<std::uint64_t> to_bytes(std::string_view text) {
  text = trim(text);
  const std::optional<std::uint64_t> thousandths = take_number(text, 3);
  if (!thousandths) return std::nullopt;
  const std::string word = to_lower(trim(text));
  const auto unit =
      std::ranges::find_if(kSizes, [&](const Unit& known) { return known.name == word; });
  if (unit == kSizes.end()) return std::nullopt;
  if (*thousandths / 1000 >= (1ull << 62) / unit->size) return std::nullopt;
  return *thousandths / 1000 * unit->size + *thousandths % 1000 * unit->size / 1000;
}

bool is_decimal(std::string_view text) {
  if (text.starts_with('-') || text.starts_with('+')) text.remove_prefix(1);
  return take_number(text, 3).has_value() && text.empty();
}

}  // namespace corral::config
