#include "json/edit.h"

#include <doctest/doctest.h>

#include <functional>
#include <nlohmann/json.hpp>

using namespace corral;
using namespace corral::json;

namespace {

using Edit = std::function<Result<void>(std::string&)>;

std::string edited(std::string document, const Edit& edit) {
  const Result<void> done = edit(document);
  return done.has_value() ? document : "error: " + done.error().message;
}

// An edit that fails leaves the document alone.
Code refused(const std::string& document, const Edit& edit) {
  std::string copy = document;
  const Result<void> done = edit(copy);
  CHECK(copy == document);
  REQUIRE_FALSE(done.has_value());
  return done.error().code;
}

}  // namespace

TEST_CASE("a field is replaced or added, and all else stays to the byte") {
  struct Row {
    std::string before, after;
  };
  const Row rows[] = {
      {R"({ "a" : 1.0 , "n" : [1, {"n":2}] , "b":"\u0041" })",
       R"({ "a" : 1.0 , "n" : 7 , "b":"\u0041" })"},
      {R"({"n":"x"})", R"({"n":7})"},
      {R"({"\u006e":null})", R"({"\u006e":7})"},
      {R"({})", R"({"n":7})"},
      {" {\n} \n", " {\"n\":7\n} \n"},
      {R"({"a":{"n":1} })", R"({"a":{"n":1},"n":7 })"},
      {R"({"a":"}"})", R"({"a":"}","n":7})"},
  };
  for (const Row& row : rows) {
    CHECK(edited(row.before, [](auto& d) { return set_field(d, "n", "7"); }) == row.after);
  }
}

TEST_CASE("arrays and strings grow at their end") {
  const auto add = [](auto& d) { return append_element(d, "m", "{}"); };
  CHECK(edited(R"({"m":[]})", add) == R"({"m":[{}]})");
  CHECK(edited(R"({"m":[ ],"a":1})", add) == R"({"m":[{} ],"a":1})");
  CHECK(edited(R"({"m":[[1], "]" ]})", add) == R"({"m":[[1], "]",{} ]})");
  const auto text = [](auto& d) { return append_text(d, "p", R"(\n"b)" + std::string()); };
  CHECK(edited(R"({"p":"a\\"})", text) == R"({"p":"a\\\n"b"})");
  const std::string large = R"({"p":")" + std::string(100'000, 'x') + R"("})";
  CHECK(edited(large, [](auto& d) { return append_text(d, "p", "y"); }).size() == large.size() + 1);
}

TEST_CASE("the last element is found and replaced") {
  const std::string document = R"({"m":[{"a":[1,2]}, {"b":"],"} ],"z":[3]})";
  CHECK(last_element(document, "m").value() == R"({"b":"],"})");
  CHECK(edited(document, [](auto& d) { return set_last_element(d, "m", "5"); }) ==
        R"({"m":[{"a":[1,2]}, 5 ],"z":[3]})");
}

TEST_CASE("what cannot be edited is left alone, and why is told") {
  const auto set = [](auto& d) { return set_field(d, "n", "1"); };
  CHECK(refused("", set) == Code::kInvalid);
  CHECK(refused("[1]", set) == Code::kInvalid);
  CHECK(refused(R"({"n":1)", set) == Code::kInvalid);
  CHECK(refused(R"({"n":1,"n":2})", set) == Code::kInvalid);
  const auto add = [](auto& d) { return append_element(d, "m", "1"); };
  CHECK(refused(R"({"m":{}})", add) == Code::kInvalid);
  CHECK(refused(R"({"a":[]})", add) == Code::kNotFound);
  CHECK(refused(R"({"m":[]})", [](auto& d) { return set_last_element(d, "m", "1"); }) ==
        Code::kNotFound);
  CHECK(refused(R"({"p":1})", [](auto& d) { return append_text(d, "p", "x"); }) == Code::kInvalid);
}
