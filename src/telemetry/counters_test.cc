#include "telemetry/counters.h"

#include <doctest/doctest.h>

using namespace corral;
using namespace corral::telemetry;

namespace {

bool has_line(const std::string& text, const std::string& line) {
  return ("\n" + text).find("\n" + line + "\n") != std::string::npos;
}

}  // namespace

TEST_CASE("requests are counted by model and status, tokens by model") {
  Counters counters;
  RequestRecord record{.model = "a", .status = 200, .whole = milliseconds(30)};
  record.usage = {.prompt_tokens = 7, .cached_tokens = 3, .generated_tokens = 5, .known = true};
  counters.record(record);
  counters.record(record);
  counters.record({.model = "a", .status = 502});
  const std::string text = counters.prometheus({});
  CHECK(has_line(text, R"(corral_requests_total{model="a",status="200"} 2)"));
  CHECK(has_line(text, R"(corral_requests_total{model="a",status="502"} 1)"));
  CHECK(has_line(text, R"(corral_prompt_tokens_total{model="a"} 14)"));
  CHECK(has_line(text, R"(corral_generated_tokens_total{model="a"} 10)"));
}

TEST_CASE("the last speed that an engine told of is kept") {
  Counters counters;
  CHECK(counters.last_speed("a") == 0);
  RequestRecord record{.model = "a", .status = 200};
  record.usage = {.generated_per_second = 41.5, .known = true};
  counters.record(record);
  counters.record({.model = "a", .status = 200});
  CHECK(counters.last_speed("a") == 41.5);
}

TEST_CASE("histogram buckets are cumulative and end in infinity") {
  Counters counters;
  for (const int ms : {1, 300, 300, 700000}) {
    counters.record({.model = "a", .status = 200, .whole = milliseconds(ms)});
  }
  const std::string text = counters.prometheus({});
  CHECK(has_line(text, R"(corral_request_seconds_bucket{model="a",le="0.005"} 1)"));
  CHECK(has_line(text, R"(corral_request_seconds_bucket{model="a",le="0.1"} 1)"));
  CHECK(has_line(text, R"(corral_request_seconds_bucket{model="a",le="0.5"} 3)"));
  CHECK(has_line(text, R"(corral_request_seconds_bucket{model="a",le="+Inf"} 4)"));
  CHECK(has_line(text, R"(corral_request_seconds_count{model="a"} 4)"));
  CHECK(has_line(text, R"(corral_first_byte_seconds_count{model="a"} 0)"));
}

TEST_CASE("a model's name cannot break the text's grammar") {
  Counters counters;
  counters.engine_started("a\"b\\c\nd");
  CHECK(has_line(counters.prometheus({}), R"(corral_engine_starts_total{model="a\"b\\c\nd"} 1)"));
}

TEST_CASE("gauges tell what is now") {
  const Counters counters;
  const std::string text =
      counters.prometheus({{.id = "m", .state = "ready", .in_flight = 2, .waiting = 1}});
  CHECK(has_line(text, R"(corral_requests_in_flight{model="m"} 2)"));
  CHECK(has_line(text, R"(corral_requests_waiting{model="m"} 1)"));
  CHECK(has_line(text, R"(corral_engine_state{model="m",state="ready"} 1)"));
}
