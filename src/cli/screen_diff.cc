#include "cli/screen_diff.h"

namespace corral::cli {
namespace {

// Where the terminal's cursor is and how it would write, as far as that is known.
class Pen {
 public:
  Pen(const Screen& target, bool colour) : target_(target), colour_(colour) {}

  void clear() {
    out_ += "\x1b[H\x1b[2J";
    row_ = 0;
    column_ = 0;
  }

  // Writes the target's cell.
  void write(int row, int column) {
    move(row, column);
    emit(target_.at(row, column));
  }

  // Blanks the row from here on.
  void erase_rest(int row, int column) {
    move(row, column);
    use({});
    out_ += "\x1b[K";
  }

  std::string finish() {
    use({});
    return std::move(out_);
  }

 private:
  void emit(const Cell& cell) {
    use(cell.style);
    out_ += cell.glyph();
    column_ += cell.width;
    // Behind the last column a terminal's cursor is in a state of its own. Behind a glyph whose
    // width it may see in another way nobody knows where it is.
    const bool sure = cell.size == 1 || is_plain(cell);
    if (column_ >= target_.size().columns || !sure) row_ = -1;
  }

  // One of the characters of two or three bytes that are one column wide everywhere: those of
  // Latin, Greek and Cyrillic, and what we draw with.
  static bool is_plain(const Cell& cell) {
    const auto first = static_cast<unsigned char>(cell.text[0]);
    return cell.width == 1 &&
           ((cell.size == 2 && first < 0xd6) || (cell.size == 3 && first == 0xe2));
  }

  void move(int row, int column) {
    if (row == row_ && column == column_) return;
    std::string far = "\x1b[";
    if (row > 0 || column > 0) far += std::to_string(row + 1);
    if (column > 0) far += ";" + std::to_string(column + 1);
    far += "H";
    if (row == row_ && column > column_ && !step(column, far.size())) out_ += far;
    if (row != row_ || column < column_) out_ += far;
    row_ = row;
    column_ = column;
  }

  // Goes on to the column of the same row by the cheaper way, if that costs less than `limit`: over
  // what stands in between, by writing it again, or with a jump.
  bool step(int column, std::size_t limit) {
    const std::string jump =
        column - column_ == 1 ? "\x1b[C" : "\x1b[" + std::to_string(column - column_) + "C";
    std::string again;
    for (int at = column_; at < column; ++at) {
      const Cell& cell = target_.at(row_, at);
      if (cell.style != style_ || cell.size != 1) {
        again.assign(limit + jump.size(), ' ');
        break;
      }
      again += cell.glyph();
    }
    const std::string& best = again.size() <= jump.size() ? again : jump;
    if (best.size() > limit) return false;
    out_ += best;
    return true;
  }

  void use(Style style) {
    if (!colour_) style.colour = Colour::kDefault;
    if (style == style_) return;
    const bool adds = (!style_.bold || style.bold) && (!style_.dim || style.dim) &&
                      (!style_.reverse || style.reverse) &&
                      (style_.colour == Colour::kDefault || style.colour == style_.colour);
    std::string codes;
    const auto add = [&](const std::string& code) { codes += (codes.empty() ? "" : ";") + code; };
    if (!adds && style != Style{}) add("0");
    const Style from = adds ? style_ : Style{};
    if (style.bold && !from.bold) add("1");
    if (style.dim && !from.dim) add("2");
    if (style.reverse && !from.reverse) add("7");
    if (style.colour != from.colour) add("3" + std::to_string(number(style.colour)));
    out_ += "\x1b[" + codes + "m";
    style_ = style;
  }

  static int number(Colour colour) { return static_cast<int>(colour); }

  const Screen& target_;
  const bool colour_;
  std::string out_;
  int row_ = -1;  // -1: not known
  int column_ = -1;
  Style style_{};
};

bool look_alike(const Cell& a, const Cell& b, bool colour) {
  if (colour) return a == b;
  Style style = b.style;
  style.colour = a.style.colour;
  return a.glyph() == b.glyph() && a.style == style;
}

// Where the blanks at the row's end begin.
int end_of_text(const Screen& screen, int row) {
  int column = screen.size().columns;
  while (column > 0 && screen.at(row, column - 1) == Cell{}) --column;
  return column;
}

}  // namespace

std::string screen_diff(const std::optional<Screen>& before, const Screen& after, bool colour) {
  const bool anew = !before || before->size() != after.size();
  const Screen blank(after.size());
  const Screen& shown = anew ? blank : *before;
  Pen pen(after, colour);
  if (anew) pen.clear();
  constexpr int kErase = 3;  // bytes of the sequence that blanks the rest of a row
  for (int row = 0; row < after.size().rows; ++row) {
    const int end = end_of_text(after, row);
    const int old_end = end_of_text(shown, row);
    const bool erase = old_end - end > kErase;
    const int stop = erase ? end : after.size().columns;
    for (int column = 0; column < stop; ++column) {
      const Cell& cell = after.at(row, column);
      if (cell.width != 0 && !look_alike(cell, shown.at(row, column), colour))
        pen.write(row, column);
    }
    if (erase) pen.erase_rest(row, end);
  }
  return pen.finish();
}

}  // namespace corral::cli
