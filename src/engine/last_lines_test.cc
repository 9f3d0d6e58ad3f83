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

TEST_CASE("the last words of an engine do not speak to the terminal") {
  // A title, a question for what it is, and the same in the second set of control characters.
  CHECK(last_lines("a\x1b]0;title\ab\x1b]2;title\x1b\\c") == "abc");
  CHECK(last_lines("a\xc2\x9b"
                   "31mb\xc2\x9d"
                   "0;title\xc2\x9c"
                   "c\xc2\x85") == "abc");
  CHECK(last_lines("a\x1b"
                   "Pq#0\x1b\\b\x1b_x\ac") == "abc");
  CHECK(last_lines("\x1b]0;no end, and words that matter") == "]0;no end, and words that matter");
  CHECK(last_lines("\xc2\x9d"
                   "0;no end") == "0;no end");
  CHECK(last_lines("x\x1b") == "x");
  // A character of the second set that others hid.
  CHECK(last_lines("a\xc2\x07\x9b"
                   "31mb") == "a31mb");
  CHECK(last_lines("a\xc2\x1b[m\x9d"
                   "0;b") == "a0;b");
  CHECK(last_lines("caf\xc3\xa9 \xc2\xa0\xc2") == "caf\xc3\xa9 \xc2\xa0\xc2");
}

TEST_CASE("the last words of an engine are short, and whole characters") {
  std::string umlauts;
  for (int i = 0; i < 1000; ++i) umlauts += "\xc3\xbc";
  CHECK(last_lines(umlauts).size() == 1600);
  CHECK(last_lines("x" + umlauts).size() == 1599);
  CHECK(last_lines(umlauts + "\nend") == "end");
  CHECK(last_lines(std::string(900, 'a') + "\n" + std::string(900, 'b')).size() == 900);
}
