#include "cli/screen.h"

#include <algorithm>

namespace corral::cli {
namespace {

void set_text(Cell& cell, std::string_view text, int width) {
  cell.text = {};
  std::ranges::copy(text, cell.text.begin());
  cell.size = static_cast<std::uint8_t>(text.size());
  cell.width = static_cast<std::uint8_t>(width);
}

// What we draw with.
char in_ascii(std::string_view glyph) {
  struct Pair {
    std::string_view glyph;
    char ascii;
  };
  constexpr Pair kPairs[] = {{"█", '#'}, {"░", '.'}, {"─", '-'}, {"›", '>'},
                             {"·", '-'}, {"…", '~'}, {"↑", '^'}, {"↓", 'v'}};
  const auto found = std::ranges::find(kPairs, glyph, &Pair::glyph);
  return found == std::end(kPairs) ? '?' : found->ascii;
}

}  // namespace

Screen::Screen(Size size)
    : size_{std::clamp(size.columns, 1, kMost), std::clamp(size.rows, 1, kMost)},
      cells_(static_cast<std::size_t>(size_.columns) * static_cast<std::size_t>(size_.rows)) {}

Cell* Screen::find(int row, int column) {
  if (row < 0 || row >= size_.rows || column < 0 || column >= size_.columns) return nullptr;
  return &cells_[static_cast<std::size_t>(row) * static_cast<std::size_t>(size_.columns) +
                 static_cast<std::size_t>(column)];
}

const Cell& Screen::at(int row, int column) const {
  return *const_cast<Screen*>(this)->find(row, column);
}

int Screen::put(int row, int column, std::string_view text, Style style, int limit) {
  const int end = std::min(size_.columns, column + std::min(limit, kMost));
  while (const std::optional<Glyph> glyph = take_glyph(text)) {
    if (column + glyph->width > end) break;
    Cell* cell = find(row, column);
    if (cell != nullptr) {
      // Whoever overwrites one half of a wide glyph takes its other half away.
      Cell* behind = find(row, column + glyph->width);
      if (cell->width == 0) set_text(*find(row, column - 1), " ", 1);
      if (behind != nullptr && behind->width == 0) set_text(*behind, " ", 1);
      set_text(*cell, glyph->text, glyph->width);
      cell->style = style;
      if (glyph->width == 2) {
        set_text(cell[1], "", 0);
        cell[1].style = style;
      }
    }
    column += glyph->width;
  }
  return column;
}

void Screen::restyle(int row, int from, int to, Style style) {
  for (int column = from; column < to; ++column) {
    if (Cell* cell = find(row, column)) cell->style = style;
  }
}

std::string Screen::line(int row) const {
  std::string out;
  for (int column = 0; column < size_.columns; ++column) out += at(row, column).glyph();
  out.erase(out.find_last_not_of(' ') + 1);
  return out;
}

void Screen::make_ascii() {
  for (Cell& cell : cells_) {
    const bool plain = cell.size == 1;
    if (plain) continue;
    const char letter = cell.width == 0 ? ' ' : in_ascii(cell.glyph());
    set_text(cell, {&letter, 1}, 1);
  }
}

}  // namespace corral::cli
