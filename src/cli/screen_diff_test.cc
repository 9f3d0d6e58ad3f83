#include "cli/screen_diff.h"

#include <doctest/doctest.h>

using namespace corral::cli;

namespace {

constexpr Size kSize = {.columns = 20, .rows = 3};

struct Put {
  int row;
  int column;
  std::string text;
  Style style{};
};

Screen screen_of(const std::vector<Put>& puts) {
  Screen screen(kSize);
  for (const Put& put : puts) screen.put(put.row, put.column, put.text, put.style);
  return screen;
}

std::string diff(const std::vector<Put>& before, const std::vector<Put>& after) {
  return screen_diff(screen_of(before), screen_of(after), true);
}

}  // namespace

TEST_CASE("equal pictures need no byte") {
  const std::vector<Put> picture = {{0, 0, "模型", {.bold = true}}, {2, 5, "text"}};
  CHECK(diff(picture, picture).empty());
  CHECK(diff({}, {}).empty());
}

TEST_CASE("the first picture clears the terminal and writes what is not blank") {
  CHECK(screen_diff(std::nullopt, screen_of({{1, 2, "ab"}}), true) == "\x1b[H\x1b[2J\x1b[2;3Hab");
}

TEST_CASE("a picture of another size is drawn anew") {
  const Screen before({.columns = 10, .rows = 3});
  CHECK(screen_diff(before, screen_of({{0, 0, "a"}}), true) == "\x1b[H\x1b[2Ja");
}

TEST_CASE("only what changed is written") {
  CHECK(diff({{1, 0, "age 1 s"}}, {{1, 0, "age 2 s"}}) == "\x1b[2;5H2");
}

TEST_CASE("what lies between two changes is written again where that is shorter than a jump") {
  CHECK(diff({{0, 0, "a123b"}}, {{0, 0, "x123y"}}) == "\x1b[Hx123y");
  CHECK(diff({{0, 0, "a1234567b"}}, {{0, 0, "x1234567y"}}) == "\x1b[Hx\x1b[7Cy");
}

TEST_CASE("the rest of a line is erased by one sequence where that is shorter") {
  CHECK(diff({{0, 0, "abcdefgh"}}, {{0, 0, "ab"}}) == "\x1b[1;3H\x1b[K");
  CHECK(diff({{0, 0, "abc"}}, {{0, 0, "ab"}}) == "\x1b[1;3H ");
}

TEST_CASE("a style is begun once, changed by what it adds, and ended") {
  CHECK(diff({}, {{0, 0, "ab", {.colour = Colour::kRed}}}) == "\x1b[H\x1b[31mab\x1b[m");
  CHECK(diff({}, {{0, 0, "a", {.bold = true}},
                  {0, 1, "b", {.colour = Colour::kGreen, .bold = true}}}) ==
        "\x1b[H\x1b[1ma\x1b[32mb\x1b[m");
  CHECK(diff({}, {{0, 0, "a", {.bold = true}}, {0, 1, "b", {.dim = true}}}) ==
        "\x1b[H\x1b[1ma\x1b[0;2mb\x1b[m");
}

TEST_CASE("without colour there are no colours, and the rest stays") {
  const Screen after = screen_of({{0, 0, "a", {.colour = Colour::kRed, .bold = true}}});
  CHECK(screen_diff(Screen(kSize), after, false) == "\x1b[H\x1b[1ma\x1b[m");
}

TEST_CASE("a picture that differs in colours alone needs no byte without colour") {
  const Screen red = screen_of({{0, 0, "a", {.colour = Colour::kRed}}});
  CHECK(screen_diff(screen_of({{0, 0, "a"}}), red, false).empty());
}

TEST_CASE("behind a glyph that terminals may see in another width the cursor is set") {
  CHECK(diff({}, {{0, 0, "模a"}}) == "\x1b[H模\x1b[1;3Ha");
  CHECK(diff({}, {{0, 0, "e\u0301a"}}) == "\x1b[He\u0301\x1b[1;2Ha");
  CHECK(diff({}, {{0, 0, "éa█b"}}) == "\x1b[Héa█b");
}

TEST_CASE("a wide glyph that gives way to narrow ones leaves nothing of it") {
  CHECK(diff({{0, 0, "模b"}}, {{0, 0, "a b"}}) == "\x1b[Ha ");
  CHECK(diff({{0, 0, "ab"}}, {{0, 0, "模"}}) == "\x1b[H模");
}

TEST_CASE("behind the last column the cursor is set anew") {
  CHECK(diff({}, {{0, 19, "a"}, {1, 0, "b"}}) == "\x1b[1;20Ha\x1b[2Hb");
}
