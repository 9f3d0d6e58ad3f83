#include "engine/memory_pressure.h"

#include <algorithm>
#include <utility>

#include "base/strings.h"

namespace corral::engine {
namespace {

constexpr std::uint64_t kMostNeeded = 1024ULL * 1024 * 1024;
constexpr double kShortStall = 0.1;

}  // namespace

Pressure pressure_of(const MemorySample& sample) {
  if (sample.ram_bytes == 0) return Pressure::kNone;
  const std::uint64_t needed = std::min(sample.ram_bytes / 20, kMostNeeded);
  const bool half_is_free = sample.available_bytes >= sample.ram_bytes / 2;
  const double stalled = half_is_free ? 0 : sample.stalled;
  if (sample.available_bytes < needed || stalled >= kShortStall) return Pressure::kShort;
  const bool calm = sample.available_bytes >= needed + needed / 2 && stalled < kShortStall / 2;
  return calm ? Pressure::kNone : Pressure::kSome;
}

// "some avg10=0.00 avg60=0.00 avg300=0.00 total=1234", in microseconds.
std::optional<Duration> stalled_in(std::string_view pressure_file) {
  for (const std::string_view line : split(pressure_file, '\n')) {
    if (!line.starts_with("some ")) continue;
    const std::size_t at = line.find("total=");
    if (at == std::string_view::npos) return std::nullopt;
    const std::optional<std::uint64_t> count = parse_u64(trim(line.substr(at + 6)));
    constexpr std::uint64_t kMost = 1ULL << 52;  // a century
    if (!count || *count > kMost) return std::nullopt;
    return std::chrono::microseconds(*count);
  }
  return std::nullopt;
}

bool PressureJudge::wants_room(Instant now, Pressure pressure) {
  const bool seen = std::exchange(seen_, pressure == Pressure::kShort);
  if (pressure == Pressure::kNone) short_ = false;
  if (seen && seen_) short_ = true;
  return short_ && now >= next_;
}

}  // namespace corral::engine
