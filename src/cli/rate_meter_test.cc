#include "cli/rate_meter.h"

#include <doctest/doctest.h>

using namespace corral;
using cli::RateMeter;

TEST_CASE("a rate needs two moments") {
  RateMeter meter(seconds(10));
  const Instant start{};
  CHECK_FALSE(meter.rate(start).has_value());
  meter.add(start, 100);
  CHECK_FALSE(meter.rate(start + seconds(1)).has_value());
  meter.add(start + seconds(2), 160);
  CHECK(*meter.rate(start + seconds(2)) == doctest::Approx(30));
  CHECK(meter.value() == 160);
}

TEST_CASE("the rate is that of the window, and falls to nothing behind the last growth") {
  RateMeter meter(seconds(10));
  const Instant start{};
  for (int i = 0; i <= 20; ++i) meter.add(start + seconds(i), 50U * static_cast<unsigned>(i));
  CHECK(*meter.rate(start + seconds(20)) == doctest::Approx(50));
  CHECK(*meter.rate(start + seconds(25)) == doctest::Approx(25));
  CHECK(*meter.rate(start + seconds(30)) == 0);
  CHECK(*meter.rate(start + seconds(900)) == 0);
}

TEST_CASE("a counter that begins anew is no negative rate") {
  RateMeter meter(seconds(10));
  const Instant start{};
  meter.add(start, 1000);
  meter.add(start + seconds(1), 5);
  CHECK_FALSE(meter.rate(start + seconds(1)).has_value());
  meter.add(start + seconds(2), 6);
  CHECK(*meter.rate(start + seconds(2)) == doctest::Approx(1));
}

TEST_CASE("many moments take the memory of one window") {
  RateMeter meter(seconds(10));
  Instant now{};
  for (unsigned i = 0; i < 100000; ++i) meter.add(now += milliseconds(1000), i);
  CHECK(*meter.rate(now) == doctest::Approx(1));
}
