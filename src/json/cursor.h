// Cursor: walks over one JSON value that is there as a whole, without memory of its own: for what
// is looked at with every event of a stream, and for the places of what is to be edited.
//
// It passes over what it is not asked for and checks only what it needs to find its way: the bytes
// come from an engine, or a Scanner has checked them. Text stays as it is written, with its
// escapes. After a failure every call fails.
#pragma once

#include <cstddef>
#include <string_view>

namespace corral::json {

class Cursor {
 public:
  // `text` outlives the cursor and what it returns.
  explicit Cursor(std::string_view text) : text_(text) {}

  bool failed() const { return failed_; }
  // Where it stands: what came before has been read.
  std::size_t at() const { return at_; }

  // The first byte of the value that comes, 0 at the text's end.
  char peek();

  // Reads an object: on_field(name) is called for each field, reads its value with one call of this
  // class, and returns true to go on. False if it was stopped, or failed, or is no object.
  template <class OnField>
  bool object(OnField on_field) {
    if (!take('{')) return false;
    if (peek() == '}') return take('}');
    while (true) {
      std::string_view name;
      if (!string(name) || !take(':') || !on_field(name) || failed_) return false;
      if (peek() == '}') return take('}');
      if (!take(',')) return false;
    }
  }

  // The same for an array and its elements: on_element() reads one.
  template <class OnElement>
  bool array(OnElement on_element) {
    if (!take('[')) return false;
    if (peek() == ']') return take(']');
    while (true) {
      if (!on_element() || failed_) return false;
      if (peek() == ']') return take(']');
      if (!take(',')) return false;
    }
  }

  // Reads a string; `out` is what stands between its quotes.
  bool string(std::string_view& out);
  // Reads any value; `out` is its bytes.
  bool value(std::string_view& out);
  bool skip();

 private:
  bool take(char c);
  bool fail() {
    failed_ = true;
    return false;
  }

  std::string_view text_;
  std::size_t at_ = 0;
  bool failed_ = false;
};

}  // namespace corral::json
