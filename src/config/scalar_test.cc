#include "config/scalar.h"

#include <doctest/doctest.h>

using namespace corral::config;

namespace {

Node scalar(std::string text, bool plain) {
  Node node;
  node.text = std::move(text);
  node.plain = plain;
  return node;
}

}  // namespace

TEST_CASE("integers are read in every base and refused when they do not fit") {
  CHECK(to_integer("0") == 0);
  CHECK(to_integer("-1") == -1);
  CHECK(to_integer("+7") == 7);
  CHECK(to_integer("1_000") == 1000);
  CHECK(to_integer("0x1F") == 31);
  CHECK(to_integer("-0x1f") == -31);
  CHECK(to_integer("0o17") == 15);
  CHECK(to_integer("017") == 15);
  CHECK(to_integer("08") == 8);
  CHECK(to_integer("0b11") == 3);
  CHECK(to_integer("9223372036854775807") == INT64_MAX);
  for (const char* text : {"", "-", "+", "--1", "+-1", "_1", "1.5", "1e3", "0x", "0xg", "1 ", " 1",
                           "a", "9223372036854775808", "99999999999999999999999"}) {
    CAPTURE(std::string(text));
    CHECK_FALSE(to_integer(text).has_value());
  }
}

TEST_CASE("true and false need no quotes, the older words may have them") {
  CHECK(to_boolean(scalar("True", true)) == true);
  CHECK(to_boolean(scalar("FALSE", true)) == false);
  CHECK(to_boolean(scalar("on", false)) == true);
  CHECK(to_boolean(scalar("n", true)) == false);
  for (const char* text : {"1", "tRUE", "", "yes please"})
    CHECK_FALSE(to_boolean(scalar(text, true)).has_value());
  CHECK_FALSE(to_boolean(scalar("true", false)).has_value());
}

TEST_CASE("text in a message is one line, short, and whole characters") {
  CHECK(in_quotes("a\nb\x7F") == "'a?b?'");
  CHECK(in_quotes(std::string(80, 'a')) == "'" + std::string(80, 'a') + "'");
  CHECK(in_quotes(std::string(79, 'a') + "éé") == "'" + std::string(79, 'a') + "...'");
  CHECK(in_quotes(std::string(78, 'a') + "éé") == "'" + std::string(78, 'a') + "é...'");
}
