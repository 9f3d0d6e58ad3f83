#include "cli/short_text.h"

#include <algorithm>
#include <array>
#include <cstdio>

namespace corral::cli {
namespace {

std::string decimal(double value, int digits) {
  std::array<char, 32> text{};
  std::snprintf(text.data(), text.size(), "%.*f", digits, value);
  return text.data();
}

std::string two_digits(std::int64_t value) {
  return (value < 10 ? "0" : "") + std::to_string(value);
}

// The value with the first unit that leaves it below 1000.
std::string with_unit(double value, const char* units) {
  while (value >= 999.5 && units[1] != '\0') {
    value /= 1000;
    ++units;
  }
  const int digits = value < 99.95 && units[0] != 'B' ? 1 : 0;
  return decimal(std::min(value, 9999.0), digits) + units[0];
}

std::string age_text(Duration age, bool fine) {
  const std::int64_t s =
      std::max<std::int64_t>(std::chrono::duration_cast<std::chrono::seconds>(age).count(), 0);
  constexpr std::int64_t kMinute = 60;
  constexpr std::int64_t kHour = 60 * kMinute;
  constexpr std::int64_t kDay = 24 * kHour;
  if (s < kMinute) return std::to_string(s) + "s";
  if (s < kHour)
    return std::to_string(s / kMinute) + "m" + (fine ? two_digits(s % kMinute) + "s" : "");
  const bool short_hours = !fine && s >= 10 * kHour;
  if (s < kDay) {
    return std::to_string(s / kHour) + "h" +
           (short_hours ? "" : two_digits(s % kHour / kMinute) + "m");
  }
  if (s < 10 * kDay) return std::to_string(s / kDay) + "d" + std::to_string(s % kDay / kHour) + "h";
  return std::to_string(s / kDay) + "d";
}

}  // namespace

std::string coarse_age(Duration age) { return age_text(age, false); }
std::string fine_age(Duration age) { return age_text(age, true); }

std::string short_size(std::optional<std::uint64_t> bytes) {
  if (!bytes) return "-";
  return with_unit(static_cast<double>(*bytes), "BkMGT");
}

std::string short_rate(std::optional<double> per_second) {
  if (!per_second || *per_second < 0.05) return "-";
  if (*per_second < 999.95) return decimal(*per_second, 1);
  if (*per_second < 9999.5) return decimal(*per_second, 0);
  return with_unit(*per_second / 1000, "kMGT");
}

std::string counted(std::uint64_t count, const std::string& noun) {
  return std::to_string(count) + " " + noun + (count == 1 ? "" : "s");
}

}  // namespace corral::cli
