// Screen: a picture for a terminal, as cells. Whoever draws writes text into it and never thinks of
// escape sequences; screen_diff.h makes bytes of it. Pure.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "cli/text_width.h"

namespace corral::cli {

// The eight colours that every terminal has, in the shades that its user has chosen.
enum class Colour : std::uint8_t { kDefault, kRed, kGreen, kYellow, kBlue, kMagenta, kCyan };

struct Style {
  Colour colour = Colour::kDefault;
  bool bold = false;
  bool dim = false;
  bool reverse = false;
  bool operator==(const Style&) const = default;
};

// One column of one row. A wide glyph stands in its first cell; the one behind it is its `tail`.
struct Cell {
  std::array<char, Glyph::kMostBytes> text{' '};  // filled up with NULs
  std::uint8_t size = 1;
  std::uint8_t width = 1;  // of the glyph; 0: a tail
  Style style{};
  std::string_view glyph() const { return {text.data(), size}; }
  bool operator==(const Cell&) const = default;
};

struct Size {
  int columns = 80;
  int rows = 24;
  bool operator==(const Size&) const = default;
};

class Screen {
 public:
  // All blank. A size below 1 is 1; one beyond kMost is kMost.
  static constexpr int kMost = 1000;
  explicit Screen(Size size = {});

  Size size() const { return size_; }
  // Requires: inside.
  const Cell& at(int row, int column) const;

  // Writes what take_glyph makes of the text, and returns the column behind it. What lies outside
  // of the screen, or of `limit` columns, is left out; a wide glyph goes in as a whole or not at
  // all.
  int put(int row, int column, std::string_view text, Style style = {}, int limit = kMost);

  // Gives the row's cells the style, from one column to before another.
  void restyle(int row, int from, int to, Style style);

  // The row as text, without the blanks at its end.
  std::string line(int row) const;

  // For terminals that are not told to be UTF-8: draws with ASCII; other letters become '?'.
  void make_ascii();

 private:
  Cell* find(int row, int column);
  Size size_;
  std::vector<Cell> cells_;
};

}  // namespace corral::cli
