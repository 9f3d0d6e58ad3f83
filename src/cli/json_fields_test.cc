#include "cli/json_fields.h"

#include <doctest/doctest.h>

#include <nlohmann/json.hpp>

using namespace corral::cli;
using Json = nlohmann::json;

TEST_CASE("a field that is missing or of another type is as if it were not there") {
  const Json good = {{"state", "ready"}, {"progress", 0.5}};
  CHECK(text_of(good, "state") == "ready");
  CHECK(number_of(good, "progress") == 0.5);
  for (const char* text : {"null", "[]", "7", "\"state\"", "{}", R"({"state": 1, "progress": "x"})",
                           R"({"state": null, "progress": {}})"}) {
    const Json other = Json::parse(text);
    CHECK(text_of(other, "state", "?") == "?");
    CHECK(number_of(other, "progress") == 0);
  }
}

TEST_CASE("an error is told in whatever form it comes") {
  CHECK(error_text(Json{{"message", "no room"}}, "?") == "no room");
  CHECK(error_text(Json("no room"), "?") == "no room");
  for (const char* text : {"null", "[]", "7", R"({"message": 3})"})
    CHECK(error_text(Json::parse(text), "?") == "?");
}
