#include "cli/keys.h"

#include <utility>

namespace corral::cli {
namespace {

constexpr char kEsc = '\x1b';

Key of_final(char final, std::string_view parameters) {
  using Kind = Key::Kind;
  switch (final) {
    case 'A': return {Kind::kUp};
    case 'B': return {Kind::kDown};
    case 'H': return {Kind::kHome};
    case 'F': return {Kind::kEnd};
    case 'Z': return {Kind::kBackTab};
    case 'M': return {Kind::kEnter};  // of the keypad
    case '~': break;
    default: return {};
  }
  const std::string_view number = parameters.substr(0, parameters.find(';'));
  if (number == "1" || number == "7") return {Kind::kHome};
  if (number == "4" || number == "8") return {Kind::kEnd};
  if (number == "5") return {Kind::kPageUp};
  if (number == "6") return {Kind::kPageDown};
  return {};
}

}  // namespace

std::vector<Key> KeyReader::push(std::string_view bytes) {
  std::vector<Key> keys;
  for (const char byte : bytes) take(byte, keys);
  return keys;
}

std::vector<Key> KeyReader::settle() {
  const bool escape = state_ == State::kEscape;
  state_ = State::kGround;
  parameters_.clear();
  if (escape) return {{Key::Kind::kEscape}};
  return {};
}

void KeyReader::take(char byte, std::vector<Key>& keys) {
  if (state_ == State::kGround) return take_ground(byte, keys);
  if (byte == kEsc) {
    if (state_ == State::kEscape) keys.push_back({Key::Kind::kEscape});
    parameters_.clear();
    state_ = State::kEscape;
    return;
  }
  if (state_ == State::kEscape) {
    if (byte == '[' || byte == 'O') {
      state_ = byte == '[' ? State::kCsi : State::kSs3;
      return;
    }
    // Two keys that were pressed fast, or came together over a slow line.
    state_ = State::kGround;
    keys.push_back({Key::Kind::kEscape});
    return take_ground(byte, keys);
  }
  const bool inside = byte >= 0x20 && byte <= 0x3f;  // parameters and intermediate bytes
  constexpr std::size_t kMost = 32;
  if (inside) {
    if (parameters_.size() < kMost) parameters_ += byte;
    return;
  }
  const bool is_final = byte >= 0x40 && byte <= 0x7e;
  const std::string parameters = std::exchange(parameters_, {});
  state_ = State::kGround;
  keys.push_back(is_final ? of_final(byte, parameters) : Key{});
}

void KeyReader::take_ground(char byte, std::vector<Key>& keys) {
  switch (byte) {
    case kEsc: state_ = State::kEscape; return;
    case '\r':
    case '\n': keys.push_back({Key::Kind::kEnter}); return;
    case '\t': keys.push_back({Key::Kind::kTab}); return;
    default: break;
  }
  const bool ascii = static_cast<unsigned char>(byte) < 0x80;
  if (ascii) keys.push_back({Key::Kind::kLetter, byte});  // what is not ASCII means nothing here
}

}  // namespace corral::cli
