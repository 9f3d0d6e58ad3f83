// What screen_diff writes, read by a terminal of our own: one picture becomes the other.
#include <doctest/doctest.h>

#include <random>

#include "cli/screen_diff.h"

using namespace corral::cli;

namespace {

// Knows the sequences that screen_diff may use, and fails on any other.
class FakeTerminal {
 public:
  explicit FakeTerminal(Size size) : screen_(size) {}

  void feed(std::string_view bytes) {
    while (!bytes.empty()) {
      if (bytes.front() == '\x1b') {
        sequence(bytes);
        continue;
      }
      const std::optional<Glyph> glyph = take_glyph(bytes);
      REQUIRE(glyph.has_value());
      const int behind = screen_.put(row_, column_, glyph->text, style_);
      REQUIRE(behind == column_ + glyph->width);
      column_ = behind;
    }
  }

  const Screen& screen() const { return screen_; }
  Style style() const { return style_; }

 private:
  void sequence(std::string_view& bytes) {
    REQUIRE(bytes.substr(0, 2) == "\x1b[");
    const std::size_t end = bytes.find_first_not_of("0123456789;", 2);
    REQUIRE(end != std::string_view::npos);
    const std::string text(bytes.substr(2, end - 2));
    const char final = bytes[end];
    bytes.remove_prefix(end + 1);
    std::vector<int> numbers(1, 0);
    for (const char c : text) {
      if (c == ';') numbers.push_back(0);
      if (c != ';') numbers.back() = numbers.back() * 10 + (c - '0');
    }
    apply(final, numbers);
  }

  void apply(char final, const std::vector<int>& numbers) {
    const Size size = screen_.size();
    switch (final) {
      case 'H':
        row_ = std::max(numbers[0], 1) - 1;
        column_ = numbers.size() > 1 ? numbers[1] - 1 : 0;
        break;
      case 'C': column_ += std::max(numbers[0], 1); break;
      case 'J': screen_ = Screen(size); break;
      case 'K':
        REQUIRE(style_ == Style{});
        screen_.put(row_, column_, std::string(static_cast<std::size_t>(size.columns), ' '));
        break;
      case 'm':
        for (const int number : numbers) restyle(number);
        break;
      default: FAIL("an unknown sequence");
    }
    REQUIRE(row_ < size.rows);
    if (final != 'm') REQUIRE(column_ < size.columns);
  }

  void restyle(int number) {
    if (number == 0) style_ = {};
    if (number == 1) style_.bold = true;
    if (number == 2) style_.dim = true;
    if (number == 7) style_.reverse = true;
    if (number >= 31) style_.colour = static_cast<Colour>(number - 30);
  }

  Screen screen_;
  int row_ = 0;
  int column_ = 0;
  Style style_{};
};

bool same(const Screen& a, const Screen& b) {
  for (int row = 0; row < a.size().rows; ++row) {
    for (int column = 0; column < a.size().columns; ++column) {
      if (a.at(row, column) != b.at(row, column)) return false;
    }
  }
  return true;
}

// Some words over what was there before, of every width and in every style.
void scribble(Screen& screen, std::mt19937& random) {
  const auto below = [&](int count) {
    return static_cast<int>(random() % static_cast<unsigned>(count));
  };
  constexpr const char* kWords[] = {
      "a", "ready", "模型", "é", "e\u0301x", "█░█", "🦙", "   ", "                         "};
  const int count = below(6);
  for (int i = 0; i < count; ++i) {
    const Style style = {.colour = static_cast<Colour>(below(7)),
                         .bold = below(4) == 0,
                         .dim = below(4) == 0,
                         .reverse = below(4) == 0};
    screen.put(below(screen.size().rows), below(screen.size().columns),
               kWords[below(std::size(kWords))], below(2) == 0 ? Style{} : style);
  }
}

}  // namespace

TEST_CASE("what is written turns each picture into the next one") {
  std::mt19937 random(1);
  for (const Size size : {Size{12, 4}, Size{40, 3}, Size{1, 1}, Size{2, 9}}) {
    FakeTerminal terminal(size);
    std::optional<Screen> before;
    Screen picture(size);
    for (int round = 0; round < 2000; ++round) {
      scribble(picture, random);
      terminal.feed(screen_diff(before, picture, true));
      REQUIRE(same(terminal.screen(), picture));
      REQUIRE(terminal.style() == Style{});
      before = picture;
    }
  }
}
