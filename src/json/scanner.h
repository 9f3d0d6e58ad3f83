// Scanner: finds chosen top-level fields of a JSON object that arrives in pieces, and checks that
// the whole is valid JSON (RFC 8259), UTF-8 included, on the way. Memory is constant, whatever the
// body's size: what is not asked for is looked at once and forgotten.
//
// A field that is asked for may stand only once. Parsers differ on which of two wins, so a body
// with two could be routed by one value and answered by the other.
#pragma once

#include <array>
#include <bitset>
#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace corral::json {

enum class Type { kString, kNumber, kTrue, kFalse, kNull, kObject, kArray };

struct Field {
  std::string_view name;  // as it was given: it outlives the scanner
  bool found = false;     // the value has been seen whole
  Type type = Type::kNull;
  std::uint64_t begin = 0;  // the value's bytes in the body, quotes included
  std::uint64_t end = 0;
  // The decoded text of a string, the literal text of a number. Empty otherwise, and with kPlaces.
  std::string value;
};

class Scanner {
 public:
  static constexpr std::size_t kMaxDepth = 512;
  static constexpr std::size_t kMaxValue = 1024;  // bytes of a chosen string or number

  enum class Keep {
    kValues,
    kPlaces,  // where the fields stand, and no values: then these may have any length
  };
  Scanner(std::initializer_list<std::string_view> names, Keep keep = Keep::kValues);

  // Takes the next bytes of the body. kInvalid with the byte's place when they cannot be JSON, or
  // not an object; kLimit when nested too deeply or a chosen value is too long. After an error the
  // scanner is spent.
  Result<void> push(std::string_view bytes);

  // The body is over. kInvalid if the object is not.
  Result<void> finish();

  // nullptr if `name` was not asked for.
  const Field* field(std::string_view name) const;

 private:
  enum class State {
    kStart,       // before the top-level '{'
    kKeyOrEnd,    // after '{'
    kKey,         // after ',' in an object
    kColon,       // after a key
    kValue,       // a value must come
    kValueOrEnd,  // after '['
    kNext,        // after a value: ',' or the container's end
    kString,      // inside a string
    kEscape,      // after a backslash
    kUnicode,     // in the four digits of \u
    kNumber,      // inside a number
    kLiteral,     // inside true, false, null
    kAfter,       // after the top-level object
  };
  // Where in the grammar of a number; those marked end are complete numbers.
  enum class Number { kMinus, kZero, kInteger, kPoint, kFraction, kExponent, kSign, kDigits };

  Error unexpected(char c) const;
  bool refuse(Error error);
  bool begin_value(char c);
  bool structural(char c);
  bool open(char c);
  bool close(char c);
  bool end_string();
  bool escape(char c);
  bool unicode(char c);
  bool number_goes_on(char c);
  bool number_is_whole() const;
  bool end_value(std::uint64_t end);
  bool keep(std::string_view text);
  bool keep_code_point(std::uint32_t code);
  bool in_character(char c);

  // The functions that take bytes return false when error_ says what is wrong.
  Error error_;
  std::vector<Field> fields_;
  const Keep keep_;
  State state_ = State::kStart;
  std::uint64_t offset_ = 0;          // of the byte being looked at
  std::size_t depth_ = 0;             // open containers
  std::bitset<kMaxDepth> is_object_;  // of each open container
  Field* current_ = nullptr;          // the chosen field whose value is being read
  bool in_key_ = false;
  bool keeping_ = false;  // the string or number under way is a top-level key or a chosen value
  std::string kept_;
  std::uint32_t code_ = 0;  // of the \u escape under way
  int code_digits_ = 0;
  int utf8_left_ = 0;                // bytes that the character under way still needs
  unsigned char utf8_least_ = 0x80;  // what the next of them may be
  unsigned char utf8_most_ = 0xBF;
  std::uint32_t high_surrogate_ = 0;  // waits for its low half
  Number number_ = Number::kZero;
  std::string_view literal_;
  std::size_t literal_at_ = 0;
};

}  // namespace corral::json
