#include "engine/last_lines.h"

#include <doctest/doctest.h>

using namespace corral::engine;

TEST_CASE("the last words of an engine are its last lines that say something") {
  CHECK(last_lines("").empty());
  CHECK(last_lines("\n \n\t\n").empty());
  CHECK(last_lines("one\n\ntwo\n") == "one\ntwo");
  CHECK(last_lines("1\n2\n3\n4\n5\n6\n7\n8\n9\n10\n11") == "2\n3\n4\n5\n6\n7\n8\n9\n10\n11");
}

TEST_CASE("the last words of an engine have no control characters and colours") {
  CHECK(last_lines("\x1b[31mred\x1b[0m\r\nbell\a\ttab\x7f") == "red\nbell tab");
  CHECK(last_lines("cut \x1b[") == "cut");
}

TEST_CASE("the last words of an engine are short, and whole characters") {
  std::string umlauts;
  for (int i = 0; i < 1000; ++i) umlauts += "\xc3\xbc";
  CHECK(last_lines(umlauts).size() == 1600);
  CHECK(last_lines("x" + umlauts).size() == 1599);
  CHECK(last_lines(umlauts + "\nend") == "end");
  CHECK(last_lines(std::string(900, 'a') + "\n" + std::string(900, 'b')).size() == 900);
}
