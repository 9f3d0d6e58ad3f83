#include "service/definition.h"

#include <doctest/doctest.h>

#include "service/test_definition.h"

using namespace corral;
using namespace corral::service;

TEST_CASE("the service serves a config, and listens where it was told") {
  CHECK(serve_arguments("/c.yaml", "") == std::vector<std::string>{"serve", "--config", "/c.yaml"});
  CHECK(serve_arguments("/c.yaml", ":1").back() == ":1");
}

TEST_CASE("the service finds the commands that the person finds") {
  CHECK(service_path("/a/corral", "/b:/a:rel::./x:/usr/bin") ==
        "/a:/b:/usr/bin:/opt/homebrew/bin:/usr/local/bin:/bin:/usr/sbin:/sbin");
  CHECK(service_path("/a/corral", "").starts_with("/a:/opt/homebrew/bin:"));
}

TEST_CASE("what no manager can hold is refused by name") {
  CHECK(check(sample()).has_value());
  for (const std::string& value : hostile_values()) {
    Definition good = sample();
    good.arguments = {value};
    CHECK(check(good).has_value());
  }
  struct Row {
    std::string Definition::* member;
    std::string value;
    const char* named;
  };
  const Row rows[] = {
      {&Definition::label, "", "label"},
      {&Definition::label, "a b", "label"},
      {&Definition::label, "../x", "label"},
      {&Definition::program, "corral", "program"},
      {&Definition::folder, "", "working folder"},
      {&Definition::log, "log", "log file"},
      {&Definition::path, "/a:\xff", "PATH"},
      {&Definition::program, std::string("/a\0b", 4), "NUL"},
      {&Definition::folder, "/\xc3", "UTF-8"},
  };
  for (const Row& row : rows) {
    CAPTURE(row.value);
    Definition bad = sample();
    bad.*row.member = row.value;
    const Result<void> checked = check(bad);
    REQUIRE_FALSE(checked.has_value());
    CHECK(checked.error().code == Code::kInvalid);
    CHECK(checked.error().message.find(row.named) != std::string::npos);
  }
  Definition bad = sample();
  bad.arguments.emplace_back("\xed\xa0\x80");  // a surrogate
  CHECK_FALSE(check(bad).has_value());
}
