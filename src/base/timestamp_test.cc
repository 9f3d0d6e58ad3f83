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

TEST_CASE("a point of the calendar is read as it is told") {
  using std::chrono::milliseconds;
  const std::chrono::system_clock::time_point epoch{};
  for (const std::int64_t ms : {0LL, 951'782'400'000LL, 1'772'366'400'250LL, 9'214'646'399'999LL}) {
    const auto time = epoch + milliseconds(ms);
    CHECK(parse_rfc3339(rfc3339(time)) == time);
  }
  for (const char* text :
       {"", "2026-03-01", "2026-03-01T12:00:00Z", "2026-13-01T12:00:00.000Z",
        "2026-02-29T12:00:00.000Z", "2026-03-01T24:00:00.000Z", "2026-03-01T12:60:00.000Z",
        "2026-03-01T12:00:00.000+", "0000-03-01T12:00:00.000Z", "2262-01-01T00:00:00.000Z",
        "2026-03-01T12:00:-1.000Z"}) {
    CAPTURE(text);
    CHECK_FALSE(parse_rfc3339(text).has_value());
  }
}
