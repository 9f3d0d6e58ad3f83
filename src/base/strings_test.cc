#include "base/strings.h"

#include <doctest/doctest.h>

using namespace corral;

TEST_CASE("a number is taken whole or not at all") {
  CHECK(parse_u64("0") == 0U);
  CHECK(parse_u64("18446744073709551615") == 18446744073709551615ULL);
  for (const char* bad : {"", "-1", "+1", " 1", "1 ", "1x", "18446744073709551616"}) {
    CAPTURE(bad);
    CHECK_FALSE(parse_u64(bad).has_value());
  }
}

TEST_CASE("percent escapes decode, malformed ones and NUL are refused") {
  CHECK(percent_decode("a%2Fb%20c") == "a/b c");
  for (const char* bad : {"%", "%2", "%zz", "a%00b"}) CHECK_FALSE(percent_decode(bad).has_value());
}

TEST_CASE("the nearest names come first and strangers are left out") {
  const std::vector<std::string> names = {"qwen2.5-coder", "smollm2-135m", "tiny"};
  CHECK(nearest("smollm2", names, 3) == std::vector<std::string>{"smollm2-135m"});
  CHECK(nearest("tniy", names, 3) == std::vector<std::string>{"tiny"});
  CHECK(nearest("gpt-4o-mini-2026", names, 3).empty());
}

TEST_CASE("quoted text is valid JSON even for control bytes and broken UTF-8") {
  CHECK(json_quote("a\"b\\c\n\x01") == R"("a\"b\\c\n\u0001")");
  CHECK(json_quote("h\xC3\xA9") == "\"h\xC3\xA9\"");
  CHECK(json_quote("\xFF\xED\xA0\x80") == "\"\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD\"");
}

TEST_CASE("split keeps empty parts and trim takes only the ends") {
  CHECK(split("a,,b", ',').size() == 3);
  CHECK(split("", ',').size() == 1);
  CHECK(trim(" \t a b\r\n") == "a b");
  CHECK(trim("  ").empty());
}

TEST_CASE("an encoded segment decodes to the same bytes") {
  CHECK(percent_encode("a-b_c.d~9") == "a-b_c.d~9");
  CHECK(percent_encode("org/model:q4 \xC3\xA9") == "org%2Fmodel%3Aq4%20%C3%A9");
  CHECK(percent_decode(percent_encode("a/b%c?d#e&f=\x01")) == "a/b%c?d#e&f=\x01");
}
