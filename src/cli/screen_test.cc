#include "cli/screen.h"

#include <doctest/doctest.h>

using namespace corral::cli;

TEST_CASE("text stands where it was put, and what does not fit is left out") {
  Screen screen({.columns = 10, .rows = 2});
  CHECK(screen.put(0, 2, "abc") == 5);
  CHECK(screen.put(1, 7, "abcdef") == 10);
  CHECK(screen.put(0, 6, "abc", {}, 2) == 8);
  CHECK(screen.put(5, 0, "outside") == 7);
  CHECK(screen.line(0) == "  abc ab");
  CHECK(screen.line(1) == "       abc");
}

TEST_CASE("a wide glyph takes two cells, or none") {
  Screen screen({.columns = 5, .rows = 1});
  CHECK(screen.put(0, 0, "模型模") == 4);
  CHECK(screen.line(0) == "模型");
  CHECK(screen.at(0, 1).width == 0);
}

TEST_CASE("whoever overwrites half of a wide glyph blanks the other half") {
  Screen screen({.columns = 6, .rows = 1});
  screen.put(0, 0, "模型");
  screen.put(0, 1, "xy");
  CHECK(screen.line(0) == " xy");
  CHECK(screen.at(0, 3).width == 1);
}

TEST_CASE("no control character gets into a cell") {
  Screen screen({.columns = 20, .rows = 1});
  screen.put(0, 0, "a\x1b]2Jb\nc\x9b");
  CHECK(screen.line(0) == "a ]2Jb c\ufffd");
}

TEST_CASE("a size that makes no sense is made to") {
  CHECK(Screen({.columns = 0, .rows = -3}).size() == Size{1, 1});
  CHECK(Screen({.columns = 70000, .rows = 2}).size() == Size{1000, 2});
}

TEST_CASE("a terminal without UTF-8 gets ASCII in the same columns") {
  Screen screen({.columns = 20, .rows = 1});
  screen.put(0, 0, "› 模型 é █░ a…");
  screen.make_ascii();
  CHECK(screen.line(0) == "> ? ?  ? #. a~");
}
