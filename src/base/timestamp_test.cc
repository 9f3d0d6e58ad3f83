#include "base/timestamp.h"

#include <doctest/doctest.h>

using namespace corral;

TEST_CASE("a point of the calendar is told in UTC, to the millisecond") {
  using std::chrono::milliseconds;
  const std::chrono::system_clock::time_point epoch{};
  CHECK(rfc3339(epoch) == "1970-01-01T00:00:00.000Z");
  CHECK(rfc3339(epoch + milliseconds(1'772'366'400'250)) == "2026-03-01T12:00:00.250Z");
  CHECK(rfc3339(epoch - milliseconds(1)) == "1969-12-31T23:59:59.999Z");
}
