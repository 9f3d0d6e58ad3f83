#include "cli/text_width.h"

#include <doctest/doctest.h>

using namespace corral::cli;

namespace {

std::string shown(std::string_view text) {
  std::string out;
  while (const std::optional<Glyph> glyph = take_glyph(text)) out += glyph->text;
  return out;
}

}  // namespace

TEST_CASE("letters take one column, ideographs and emoji two, marks none") {
  CHECK(display_width("qwen3-8b") == 8);
  CHECK(display_width("模型") == 4);
  CHECK(display_width("한국어") == 6);
  CHECK(display_width("🦙 llama") == 8);
  CHECK(display_width("e\u0301te\u0301") == 3);
  CHECK(display_width("\u1112\u1161\u11ab") == 2);
  CHECK(display_width("\U00020000\U0003fffd") == 4);
  CHECK(display_width("ﾊﾝ") == 2);
}

TEST_CASE("control characters are spaces") {
  CHECK(shown("a\x1b"
              "b\nc\td\x7f\xc2\x9b"
              "31m") == "a b c d  31m");
}

TEST_CASE("an engine's colours are left out, and half of a sequence is text") {
  CHECK(shown("a\x1b[1;31mb\x1b[0mc\x1b[2Jd") == "abcd");
  CHECK(shown("a\x1b[31") == "a [31");
  CHECK(shown("\x1b[\x1b[m\x1b]0;title\x07") == " [ ]0;title ");
}

TEST_CASE("characters that terminals disagree about, or that turn text around, are left out") {
  CHECK(shown("a\u202eb\u2066c\u200bd\ufeff") == "abcd");
  CHECK(shown("❤\ufe0f") == "❤");
  CHECK(shown("👍\U0001f3fd") == "👍");
  CHECK(shown("👩\u200d💻") == "👩💻");
}

TEST_CASE("a mark without a letter is left out") { CHECK(shown("\u0301a") == "a"); }

TEST_CASE("a letter keeps as many marks as a cell has room for") {
  std::string text = "a";
  for (int i = 0; i < 100; ++i) text += "\u0301";
  text += "b";
  CHECK(shown(text) == "a\u0301\u0301\u0301\u0301\u0301\u0301b");
}

TEST_CASE("each byte that is no UTF-8 is one replacement character") {
  CHECK(shown("a\xff\xc0\x80 z") == "a\ufffd\ufffd\ufffd z");
  CHECK(shown("\xe4\xbd") == "\ufffd\ufffd");
  CHECK(shown("\xed\xa0\x80") == "\ufffd\ufffd\ufffd");            // a surrogate
  CHECK(shown("\xf4\x90\x80\x80") == "\ufffd\ufffd\ufffd\ufffd");  // beyond the last one
}

TEST_CASE("a text that is too long ends in an ellipsis") {
  CHECK(fitted("short", 5) == "short");
  CHECK(fitted("longer", 5) == "long…");
  CHECK(fitted("x", 0).empty());
  CHECK(fitted("xy", 1) == "…");
  CHECK(fitted("模型模型", 8) == "模型模型");
  CHECK(fitted("模型模型", 7) == "模型模…");
  CHECK(fitted("模型模型", 6) == "模型…");  // half of a character is none
  CHECK(display_width(fitted("模型模型", 6)) == 5);
}

TEST_CASE("words are wrapped, and the last line is cut") {
  CHECK(wrapped("one two  three\nfour", 9, 9) ==
        std::vector<std::string>{"one two", "three", "four"});
  CHECK(wrapped("one two three four five", 9, 2) ==
        std::vector<std::string>{"one two", "three fo…"});
  CHECK(wrapped("unbreakable", 5, 3) == std::vector<std::string>{"unbr…"});
  CHECK(wrapped(" \n ", 5, 3).empty());
}
