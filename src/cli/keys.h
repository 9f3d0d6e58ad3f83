// KeyReader: what a person pressed, from the bytes that a terminal sends, which arrive in any
// split. The arrows and the keys near them are known in both of their forms (CSI and SS3); any
// other sequence is one unknown key. Pure.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace corral::cli {

struct Key {
  enum class Kind {
    kLetter,  // `letter`, also a control character
    kEnter,
    kTab,
    kBackTab,
    kEscape,
    kUp,
    kDown,
    kPageUp,
    kPageDown,
    kHome,
    kEnd,
    kUnknown
  };
  Kind kind = Kind::kUnknown;
  char letter = 0;
  bool operator==(const Key&) const = default;
};

class KeyReader {
 public:
  std::vector<Key> push(std::string_view bytes);

  // The bytes so far may be the escape key, or the beginning of a longer sequence.
  bool unsure() const { return state_ != State::kGround; }
  // Nothing came for some while: it was the escape key. (A sequence that was cut is dropped.)
  std::vector<Key> settle();

 private:
  enum class State { kGround, kEscape, kCsi, kSs3 };
  void take(char byte, std::vector<Key>& keys);
  void take_ground(char byte, std::vector<Key>& keys);

  State state_ = State::kGround;
  std::string parameters_;  // of the sequence under way
};

}  // namespace corral::cli
