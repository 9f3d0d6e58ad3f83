#include "config/source_text.h"

#include <doctest/doctest.h>

#include "config/test_config.h"

using namespace corral;
using namespace corral::config;

namespace {

std::string replaced(std::string_view text) {
  const Result<std::string> result = replace_environment(text, "c", test_variable);
  return result.has_value() ? *result : "refused " + result.error().message;
}

std::string fault(std::string_view text) {
  const Result<void> result = check_text(text, "c");
  return result.has_value() ? "" : result.error().message.substr(0, 6);
}

}  // namespace

TEST_CASE("environment variables are replaced in the text before it is YAML") {
  CHECK(replaced("a: ${env.DIR}/x ${env.DIR}") == "a: /models/x /models");
  CHECK(replaced("a: [${env.EMPTY}]") == "a: []");
  CHECK(replaced("\"${env.QUOTED}\"") == R"("a\"b\\c")");
  for (const char* text : {"${env.}", "${env.1A}", "${env.A-B}", "$env.DIR", "${DIR}", "${env.DIR"})
    CHECK(replaced(text) == text);
  CHECK(parsed("models: {m: {gguf: ${env.DIR}/a}}").models[0].gguf == "/models/a");
}

TEST_CASE("a variable that is not set or has lines is refused unless in a comment") {
  CHECK(replaced("a: 1\nb: é ${env.NONE}") ==
        "refused c:2:6: the environment variable 'NONE' is not set; set it, or write the value "
        "itself");
  CHECK(replaced("${env.LINES}") ==
        "refused c:1:1: the environment variable 'LINES' has line breaks or control characters, "
        "which cannot stand here");
  CHECK(replaced("# ${env.NONE}\na: 1 # ${env.LINES}") == "# ${env.NONE}\na: 1 # ${env.LINES}");
  CHECK(replaced("a#${env.NONE}").starts_with("refused"));
}

TEST_CASE("a variable behind a '#' that begins no comment is still missed") {
  CHECK(refusal("logLevel: 'a # ${env.NONE}'") ==
        "conf/c.yaml:1:11: logLevel: '${env.NONE}': this variable is not set");
}

TEST_CASE("bytes that are no text are refused at their place") {
  CHECK(fault("a: é\n\t€ 😀\r\n") == "");
  CHECK(fault("\xEF\xBB\xBF"
              "a: 1") == "");
  CHECK(fault("ab\xFF") == "c:1:3:");
  CHECK(fault("é\xC0\x80") == "c:1:2:");        // overlong
  CHECK(fault("a\n\xED\xA0\x80") == "c:2:1:");  // surrogate
  CHECK(fault("a\xE2\x82") == "c:1:2:");        // cut short
  CHECK(fault("\xF4\x90\x80\x80") == "c:1:1:");
  CHECK(fault(std::string_view("a\0b", 3)) == "c:1:2:");
  CHECK(fault("a\x7F") == "c:1:2:");
}
