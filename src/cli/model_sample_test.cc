#include "cli/model_sample.h"

#include <doctest/doctest.h>

using namespace corral::cli;

TEST_CASE("a counter of a model is read with its name as it was") {
  const auto sample = read_model_sample("x_total{model=\"a \\\"b\\\" \\\\ \\n\"} 42");
  REQUIRE(sample.has_value());
  CHECK(sample->name == "x_total");
  CHECK(sample->model == "a \"b\" \\ \n");
  CHECK(sample->value == 42);
}

TEST_CASE("any other line is none") {
  for (const char* line :
       {"", "# HELP x_total Words.", "x_total 1", "x_total{model=\"a\",status=\"200\"} 1",
        "x_total{model=\"a", "x_total{model=\"a\\", "x_total{model=\"a\"}", "x_total{model=\"a\"} ",
        "x_total{model=\"a\"} -5", "x_total{model=\"a\"} 1.5", "x_total{model=\"a\"}1"}) {
    CAPTURE(line);
    CHECK_FALSE(read_model_sample(line).has_value());
  }
}
