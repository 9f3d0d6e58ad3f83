// How wide text is in a terminal, and text of strangers made fit to stand in a column.
//
// Names and errors come from config files and engines. Here they become glyphs that each take one
// or two columns in any terminal: sequences of colours are left out, other control characters are
// spaces, what is no UTF-8 is U+FFFD, marks stay with their letter, and characters that terminals
// disagree about are left out. Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace corral::cli {

// A letter with its marks. `text` points into what it was taken from, or to a constant.
struct Glyph {
  static constexpr std::size_t kMostBytes = 14;  // the letter and its marks
  std::string_view text;
  int width;  // 1 or 2
};

inline constexpr std::string_view kEllipsis = "…";

// 0 for a mark, 2 for a wide character, else 1. Meaningless for control characters.
int point_width(char32_t point);

// Takes the next glyph off `text`; nothing when there is none left.
std::optional<Glyph> take_glyph(std::string_view& text);

int display_width(std::string_view text);

// The text in at most `width` columns; what is longer ends in an ellipsis.
std::string fitted(std::string_view text, int width);

// The text's words in at most `most` lines of `width` columns; the last one is cut if need be.
std::vector<std::string> wrapped(std::string_view text, int width, std::size_t most);

}  // namespace corral::cli
