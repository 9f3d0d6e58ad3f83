#include "cli/rate_meter.h"

#include <chrono>

namespace corral::cli {

void RateMeter::add(Instant now, std::uint64_t value) {
  if (!samples_.empty() && value < samples_.back().value) samples_.clear();
  samples_.push_back({now, value});
  while (samples_.size() > 2 && samples_[1].at <= now - window_) samples_.pop_front();
}

std::optional<double> RateMeter::rate(Instant now) const {
  if (samples_.size() < 2) return std::nullopt;
  std::size_t base = 0;
  while (base + 1 < samples_.size() && samples_[base + 1].at <= now - window_) ++base;
  const double span = std::chrono::duration<double>(now - samples_[base].at).count();
  const std::uint64_t growth = samples_.back().value - samples_[base].value;
  return span > 0 ? static_cast<double>(growth) / span : 0;
}

std::optional<std::uint64_t> RateMeter::value() const {
  if (samples_.empty()) return std::nullopt;
  return samples_.back().value;
}

}  // namespace corral::cli
