#include "json/scanner.h"

#include <doctest/doctest.h>

#include <nlohmann/json.hpp>
#include <random>

using namespace corral;
using namespace corral::json;

namespace {

struct Outcome {
  bool valid = false;
  std::string error;
  Field model;
  bool operator==(const Outcome& other) const {
    return valid == other.valid && error == other.error && model.found == other.model.found &&
           model.begin == other.model.begin && model.end == other.model.end &&
           model.value == other.model.value && model.type == other.model.type;
  }
};

Outcome scan(const std::vector<std::string_view>& pieces) {
  Scanner scanner({"model"});
  Result<void> result;
  for (std::string_view piece : pieces) {
    if (result.has_value()) result = scanner.push(piece);
  }
  if (result.has_value()) result = scanner.finish();
  Outcome outcome;
  outcome.valid = result.has_value();
  if (!result.has_value()) outcome.error = result.error().message;
  outcome.model = *scanner.field("model");
  return outcome;
}

// The same, whole, cut at every place, and byte by byte: all must agree.
Outcome scan_every_way(std::string_view text) {
  const Outcome whole = scan({text});
  std::vector<std::string_view> bytes;
  for (std::size_t i = 0; i < text.size(); ++i) {
    CHECK(scan({text.substr(0, i), text.substr(i)}) == whole);
    bytes.push_back(text.substr(i, 1));
  }
  CHECK(scan(bytes) == whole);
  return whole;
}

}  // namespace

TEST_CASE("the model is found wherever it stands") {
  struct Row {
    const char* text;
    const char* model;
  };
  const Row rows[] = {
      {R"({"model":"a"})", "a"},
      {R"({"messages":[{"role":"user","content":"x"}],"stream":true,"model":"last"})", "last"},
      {R"(  { "n" : -1.5e+3 , "model" : "spaced" } )", "spaced"},
      {R"({"mod\u0065l":"escaped key"})", "escaped key"},
      {R"({"model":"q\"\\\/\b\f\n\r\t\u00e9\ud83d\ude00"})",
       "q\"\\/\b\f\n\r\t\xC3\xA9\xF0\x9F\x98\x80"},
      {R"({"model":"a","z":{"model":"nested"}})", "a"},
      {R"({"text":"\"model\":\"in a string\"","model":"real"})", "real"},
      {R"({"model":17})", "17"},
  };
  for (const Row& row : rows) {
    CAPTURE(row.text);
    const Outcome outcome = scan_every_way(row.text);
    CHECK(outcome.error == "");
    CHECK(outcome.model.found);
    CHECK(outcome.model.value == row.model);
  }
}

TEST_CASE("the place of the value is its bytes in the body") {
  const std::string_view text = R"({"a":1, "model" : "x\u0041y" ,"b":2})";
  const Outcome outcome = scan_every_way(text);
  CHECK(text.substr(outcome.model.begin, outcome.model.end - outcome.model.begin) ==
        R"("x\u0041y")");
  const std::string_view number = R"({"model":42})";
  const Outcome other = scan_every_way(number);
  CHECK(number.substr(other.model.begin, other.model.end - other.model.begin) == "42");
}

TEST_CASE("a model inside another value, or absent, is not found") {
  for (const char* text : {R"({})", R"({"messages":[{"model":"x"}]})", R"({"Model":"x"})",
                           R"({"m":{"model":"x"},"n":[["model"]]})"}) {
    CAPTURE(text);
    const Outcome outcome = scan_every_way(text);
    CHECK(outcome.valid);
    CHECK_FALSE(outcome.model.found);
  }
}

TEST_CASE("what is not JSON is refused with the byte's place") {
  const char* const rows[] = {"",
                              " ",
                              "[]",
                              "\"x\"",
                              "1",
                              "{",
                              "{\"a\"",
                              "{\"a\":",
                              "{\"a\":1",
                              "{\"a\":1,}",
                              "{,}",
                              "{\"a\" 1}",
                              "{\"a\":1 \"b\":2}",
                              "{'a':1}",
                              "{\"a\":01}",
                              "{\"a\":+1}",
                              "{\"a\":.5}",
                              "{\"a\":1.}",
                              "{\"a\":1e}",
                              "{\"a\":-}",
                              "{\"a\":NaN}",
                              "{\"a\":nul}",
                              "{\"a\":truee}",
                              "{\"a\":[1,]}",
                              "{\"a\":[}",
                              "{\"a\":{]}",
                              "{\"a\":\"\n\"}",
                              "{\"a\":\"\\x\"}",
                              "{\"a\":\"\\u12g4\"}",
                              "{\"a\":\"\\ud800\"}",
                              "{\"a\":\"\\udc00\"}",
                              "{\"a\":\"\\ud800\\n\"}",
                              "{\"a\":\"\\ud800x\"}",
                              "{}x",
                              "{}{}",
                              "\xEF\xBB\xBF{}",
                              "{\"model\":\"a\",\"model\":\"b\"}",
                              "{\"model\":\"a\",\"m\\u006fdel\":\"b\"}"};
  for (const char* text : rows) {
    CAPTURE(text);
    const Outcome outcome = scan_every_way(text);
    CHECK_FALSE(outcome.valid);
    CHECK(outcome.error.find("the request body") == 0);
  }
}

TEST_CASE("text in strings and keys is well-formed UTF-8, at every split") {
  struct Row {
    std::string_view bytes;
    bool good;
  };
  const Row rows[] = {
      {"\xC2\x80", true},
      {"\xDF\xBF", true},
      {"\xE0\xA0\x80", true},
      {"\xED\x9F\xBF", true},
      {"\xEE\x80\x80", true},
      {"\xEF\xBF\xBF", true},
      {"\xF0\x90\x80\x80", true},
      {"\xF4\x8F\xBF\xBF", true},
      {"\x7F", true},
      {"\x80", false},
      {"\xBF", false},
      {"\xC0\x80", false},
      {"\xC1\xBF", false},
      {"\xC2", false},
      {"\xC2\x7F", false},
      {"\xC2\xC0", false},
      {"\xE0\x9F\xBF", false},
      {"\xE0\xA0", false},
      {"\xE1\x80\xC0", false},
      {"\xED\xA0\x80", false},
      {"\xED\xBF\xBF", false},
      {"\xF0\x8F\xBF\xBF", false},
      {"\xF0\x90\x80", false},
      {"\xF1\x80\x80\xC0", false},
      {"\xF4\x90\x80\x80", false},
      {"\xF5\x80\x80\x80", false},
      {"\xFE", false},
      {"\xFF", false},
  };
  for (const Row& row : rows) {
    for (const std::string_view before : {"", "abc", "12345678", "\xE4\xB8\xAD"}) {
      const std::string text = std::string(before) + std::string(row.bytes);
      CAPTURE(text);
      const Outcome value = scan_every_way(R"({"model":")" + text + R"("})");
      CHECK(value.valid == row.good);
      if (row.good) CHECK(value.model.value == text);
      CHECK(scan_every_way(R"({"other":")" + text + R"(z, and more of it"})").valid == row.good);
      CHECK(scan_every_way("{\"" + text + "\":1}").valid == row.good);
    }
  }
}

TEST_CASE("nesting and a chosen value have limits, other values have none") {
  std::string deep = "{\"a\":";
  for (int i = 0; i < 100000; ++i) deep += '[';
  CHECK_FALSE(scan({deep}).valid);
  CHECK_FALSE(scan({"{\"model\":\"" + std::string(2000, 'x') + "\"}"}).valid);
  CHECK(scan({"{\"model\":\"" + std::string(1024, 'x') + "\"}"}).model.found);
  const std::string long_key =
      "{\"" + std::string(5000, 'k') + "\":\"" + std::string(5000, 'v') + "\"}";
  CHECK(scan({long_key}).valid);
}

TEST_CASE("accepts and refuses as an independent parser does") {
  const std::vector<std::string> seeds = {
      R"({"model":"m","a":[1,-2.5e3,true,false,null,{"b":"c\u00e9"}],"d":{}})",
      R"({"messages":[{"role":"user","content":"hi\n"}],"model":"x","stream":false})"};
  const std::string alphabet = "{}[]:,\"\\ 0123456789.-+eEtrufalsn";
  std::mt19937 random(7);
  int accepted = 0;
  for (int round = 0; round < 20000; ++round) {
    std::string text = seeds[random() % seeds.size()];
    for (unsigned edits = random() % 3; edits > 0; --edits) {
      const std::size_t at = random() % text.size();
      if (random() % 2 == 0) {
        text[at] = alphabet[random() % alphabet.size()];
      } else {
        text.erase(at, 1);
      }
    }
    const nlohmann::json parsed = nlohmann::json::parse(text, nullptr, false);
    const Outcome outcome = scan({text});
    if (outcome.error.find("twice") != std::string::npos) continue;
    CAPTURE(text);
    const bool object = !parsed.is_discarded() && parsed.is_object();
    REQUIRE(outcome.valid == object);
    if (!object) continue;
    ++accepted;
    REQUIRE(outcome.model.found == parsed.contains("model"));
    if (outcome.model.found && parsed["model"].is_string()) {
      REQUIRE(outcome.model.value == parsed["model"].get<std::string>());
    }
  }
  CHECK(accepted > 1000);
}
