#include "gateway/timing.h"

#include <doctest/doctest.h>

using namespace corral;
using namespace corral::gateway;

TEST_CASE("each part of the way is told in milliseconds") {
  const Instant start{};
  Timing timing{.received = start,
                .known = start + std::chrono::microseconds(149),
                .admitted = start + milliseconds(1200),
                .first_byte = start + milliseconds(1230)};
  CHECK(timing.server_timing() == "body;dur=0.1, queue;dur=1199.8, engine;dur=30.0");
  timing.loaded = true;
  CHECK(timing.server_timing() == "body;dur=0.1, load;dur=1199.8, engine;dur=30.0");
}
