// RateMeter: how fast a counter grew lately, from what it was at some moments. Pure; the clock is
// passed in.
#pragma once

#include <cstdint>
#include <deque>
#include <optional>

#include "base/time.h"

namespace corral::cli {

class RateMeter {
 public:
  explicit RateMeter(Duration window) : window_(window) {}

  // The counter was `value` at `now`. One that has become smaller has begun anew.
  void add(Instant now, std::uint64_t value);

  // Units a second over the window that ends now; nothing before there are two moments.
  std::optional<double> rate(Instant now) const;

  // The newest value; nothing before there is one.
  std::optional<std::uint64_t> value() const;

 private:
  struct Sample {
    Instant at;
    std::uint64_t value;
  };
  Duration window_;
  std::deque<Sample> samples_;  // of the window, and the newest before it
};

}  // namespace corral::cli
