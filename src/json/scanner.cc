// A state machine over bytes. Nearly all bytes of a large body stand inside strings, so that state
// skips plain text in a tight loop; every other state takes one byte at a time. The loop passes
// over whole, well-formed characters only: one that is not, or that the next push completes, is
// left to the state machine.
#include "json/scanner.h"

#include <algorithm>
#include <cstring>

namespace corral::json {
namespace {

bool is_space(char c) { return c == ' ' || c == '\n' || c == '\r' || c == '\t'; }
bool is_digit(char c) { return c >= '0' && c <= '9'; }

// True if one of the eight bytes is a quote, a backslash, a control character or not ASCII. The
// classic arithmetic: a byte's high bit is set where (byte - n) borrows and the byte itself is
// below 0x80.
bool has_special(std::uint64_t word) {
  constexpr std::uint64_t kOnes = 0x0101010101010101ULL;
  constexpr std::uint64_t kHighs = 0x8080808080808080ULL;
  const std::uint64_t quote = word ^ (kOnes * '"');
  const std::uint64_t slash = word ^ (kOnes * '\\');
  return ((((quote - kOnes) & ~quote) | ((slash - kOnes) & ~slash) |
           ((word - kOnes * 0x20) & ~word) | word) &
          kHighs) != 0;
}

// What may follow the first byte of a character (Unicode, table 3-7). `left` is 0 where none begins
// with that byte.
struct Follow {
  int left = 0;
  unsigned char least = 0x80;  // of the second byte; those after it are 0x80 to 0xBF
  unsigned char most = 0xBF;
};

Follow after(unsigned char first) {
  if (first < 0xC2 || first > 0xF4) return {};
  if (first < 0xE0) return {1};
  if (first == 0xE0) return {2, 0xA0};
  if (first == 0xED) return {2, 0x80, 0x9F};
  if (first < 0xF0) return {2};
  if (first == 0xF0) return {3, 0x90};
  if (first == 0xF4) return {3, 0x80, 0x8F};
  return {3};
}

// The size of the character of two or more bytes that `bytes` begins with; 0 if it is malformed or
// not whole.
std::size_t character_size(std::string_view bytes) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(bytes[i]); };
  const Follow follow = after(byte(0));
  const auto size = static_cast<std::size_t>(follow.left) + 1;
  if (size == 1 || bytes.size() < size || byte(1) < follow.least || byte(1) > follow.most) return 0;
  for (std::size_t i = 2; i < size; ++i) {
    if ((byte(i) & 0xC0) != 0x80) return 0;
  }
  return size;
}

// How many bytes at the beginning of `bytes` are whole characters that mean themselves.
std::size_t skip_plain(std::string_view bytes) {
  std::size_t i = 0;
  while (true) {
    for (; i + 8 <= bytes.size(); i += 8) {
      std::uint64_t word;
      std::memcpy(&word, bytes.data() + i, 8);
      if (has_special(word)) break;
    }
    const std::size_t before = i;
    while (i < bytes.size() && bytes[i] != '"' && bytes[i] != '\\' &&
           static_cast<unsigned char>(bytes[i] - 0x20) < 0x60) {
      ++i;
    }
    while (i < bytes.size() && static_cast<unsigned char>(bytes[i]) >= 0x80) {
      const std::size_t size = character_size(bytes.substr(i));
      if (size == 0) return i;
      i += size;
    }
    if (i == before) return i;
  }
}

}  // namespace

Scanner::Scanner(std::initializer_list<std::string_view> names, Keep keep)
    : fields_(names.size()), keep_(keep) {
  std::size_t i = 0;
  for (const std::string_view name : names) fields_[i++].name = name;
}

const Field* Scanner::field(std::string_view name) const {
  const auto found =
      std::find_if(fields_.begin(), fields_.end(), [&](const Field& f) { return f.name == name; });
  return found == fields_.end() ? nullptr : &*found;
}

Error Scanner::unexpected(char c) const {
  constexpr char kHex[] = "0123456789abcdef";
  std::string shown = {'\'', c, '\''};
  const auto byte = static_cast<unsigned char>(c);
  if (byte < 0x20 || byte >= 0x7F)
    shown = std::string("byte 0x") + kHex[byte >> 4] + kHex[byte & 15];
  return {Code::kInvalid, "the request body is not valid JSON: unexpected " + shown + " at byte " +
                              std::to_string(offset_)};
}

bool Scanner::refuse(Error error) {
  error_ = std::move(error);
  return false;
}

// One byte of a character that skip_plain has left. False if it may not stand here.
bool Scanner::in_character(char c) {
  const auto byte = static_cast<unsigned char>(c);
  if (utf8_left_ == 0) {
    const Follow follow = after(byte);
    utf8_left_ = follow.left;
    utf8_least_ = follow.least;
    utf8_most_ = follow.most;
    return utf8_left_ > 0;
  }
  if (byte < utf8_least_ || byte > utf8_most_) return false;
  --utf8_left_;
  utf8_least_ = 0x80;
  utf8_most_ = 0xBF;
  return true;
}

Result<void> Scanner::push(std::string_view bytes) {
  const std::uint64_t base = offset_;
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    offset_ = base + i;
    const char c = bytes[i];
    bool good = true;
    switch (state_) {
      case State::kString: {
        if (high_surrogate_ != 0 && c != '\\') return std::unexpected(unexpected(c));
        const std::size_t plain = utf8_left_ > 0 ? 0 : skip_plain(bytes.substr(i));
        if (plain > 0) {
          good = keep(bytes.substr(i, plain));
          i += plain - 1;
        } else if (utf8_left_ > 0 || static_cast<unsigned char>(c) >= 0x80) {
          if (!in_character(c)) return std::unexpected(unexpected(c));
          good = keep(bytes.substr(i, 1));
        } else if (c == '"') {
          good = end_string();
        } else if (c == '\\') {
          state_ = State::kEscape;
        } else {
          return std::unexpected(unexpected(c));
        }
        break;
      }
      case State::kEscape: good = escape(c); break;
      case State::kUnicode: good = unicode(c); break;
      case State::kNumber:
        if (number_goes_on(c)) {
          good = keep(bytes.substr(i, 1));
          break;
        }
        if (!number_is_whole()) return std::unexpected(unexpected(c));
        good = end_value(offset_);
        if (good) good = structural(c);
        break;
      case State::kLiteral:
        if (c != literal_[literal_at_]) return std::unexpected(unexpected(c));
        if (++literal_at_ == literal_.size()) good = end_value(offset_ + 1);
        break;
      default: good = structural(c);
    }
    if (!good) return std::unexpected(std::move(error_));
  }
  offset_ = base + bytes.size();
  return {};
}

Result<void> Scanner::finish() {
  if (state_ == State::kAfter) return {};
  if (offset_ == 0) {
    return fail(Code::kInvalid,
                "the request body is empty; send a JSON object that names a \"model\"");
  }
  return fail(Code::kInvalid, "the request body is not valid JSON: it ends at byte " +
                                  std::to_string(offset_) + " before the object is closed");
}

// Whitespace, punctuation and the first byte of every key and value.
bool Scanner::structural(char c) {
  if (is_space(c)) return true;
  switch (state_) {
    case State::kStart:
      if (c != '{') return refuse(unexpected(c));
      return open(c);
    case State::kKeyOrEnd:
      if (c == '}') return close(c);
      [[fallthrough]];
    case State::kKey:
      if (c != '"') return refuse(unexpected(c));
      in_key_ = true;
      keeping_ = depth_ == 1;
      kept_.clear();
      state_ = State::kString;
      return true;
    case State::kColon:
      if (c != ':') return refuse(unexpected(c));
      state_ = State::kValue;
      return true;
    case State::kValueOrEnd:
      if (c == ']') return close(c);
      return begin_value(c);
    case State::kValue: return begin_value(c);
    case State::kNext:
      if (c == ',') {
        state_ = is_object_[depth_ - 1] ? State::kKey : State::kValue;
        return true;
      }
      return close(c);
    default: return refuse(unexpected(c));
  }
}

bool Scanner::begin_value(char c) {
  const bool chosen = current_ != nullptr && depth_ == 1;
  if (chosen) current_->begin = offset_;
  keeping_ = chosen && keep_ == Keep::kValues;
  kept_.clear();
  Type type = Type::kString;
  if (c == '"') {
    in_key_ = false;
    state_ = State::kString;
  } else if (c == '-' || is_digit(c)) {
    type = Type::kNumber;
    number_ = c == '-' ? Number::kMinus : c == '0' ? Number::kZero : Number::kInteger;
    state_ = State::kNumber;
    if (keeping_) kept_.push_back(c);
  } else if (c == 't' || c == 'f' || c == 'n') {
    type = c == 't' ? Type::kTrue : c == 'f' ? Type::kFalse : Type::kNull;
    literal_ = c == 't' ? "true" : c == 'f' ? "false" : "null";
    literal_at_ = 1;
    state_ = State::kLiteral;
  } else if (c == '{' || c == '[') {
    type = c == '{' ? Type::kObject : Type::kArray;
    if (chosen) current_->type = type;
    return open(c);
  } else {
    return refuse(unexpected(c));
  }
  if (chosen) current_->type = type;
  return true;
}

bool Scanner::open(char c) {
  if (depth_ == kMaxDepth) {
    return refuse({Code::kLimit, "the request body is nested more than " +
                                     std::to_string(kMaxDepth) + " levels deep at byte " +
                                     std::to_string(offset_)});
  }
  is_object_[depth_++] = c == '{';
  state_ = c == '{' ? State::kKeyOrEnd : State::kValueOrEnd;
  return true;
}

bool Scanner::close(char c) {
  if (c != (is_object_[depth_ - 1] ? '}' : ']')) return refuse(unexpected(c));
  --depth_;
  kept_.clear();
  return end_value(offset_ + 1);
}

bool Scanner::end_value(std::uint64_t end) {
  state_ = depth_ == 0 ? State::kAfter : State::kNext;
  if (depth_ != 1 || current_ == nullptr) return true;
  current_->end = end;
  current_->found = true;
  current_->value = std::move(kept_);
  kept_.clear();
  current_ = nullptr;
  return true;
}

bool Scanner::end_string() {
  if (!in_key_) return end_value(offset_ + 1);
  state_ = State::kColon;
  if (depth_ != 1) return true;
  const auto chosen =
      std::find_if(fields_.begin(), fields_.end(), [&](const Field& f) { return f.name == kept_; });
  if (chosen == fields_.end()) return true;
  if (chosen->found) {
    return refuse({Code::kInvalid, "the request body names \"" + std::string(chosen->name) +
                                       "\" twice, again at byte " + std::to_string(offset_) +
                                       "; send it once"});
  }
  current_ = &*chosen;
  return true;
}

bool Scanner::escape(char c) {
  if (c == 'u') {
    code_ = 0;
    code_digits_ = 0;
    state_ = State::kUnicode;
    return true;
  }
  constexpr std::string_view kLetters = "\"\\/bfnrt";
  constexpr std::string_view kMeanings = "\"\\/\b\f\n\r\t";
  const std::size_t which = kLetters.find(c);
  if (which == std::string_view::npos || high_surrogate_ != 0) return refuse(unexpected(c));
  state_ = State::kString;
  return keep(kMeanings.substr(which, 1));
}

bool Scanner::unicode(char c) {
  const auto lower = static_cast<char>(c | 0x20);
  const bool letter = lower >= 'a' && lower <= 'f';
  if (!is_digit(c) && !letter) return refuse(unexpected(c));
  code_ = code_ * 16 + static_cast<std::uint32_t>(is_digit(c) ? c - '0' : lower - 'a' + 10);
  if (++code_digits_ < 4) return true;
  state_ = State::kString;
  const bool high = code_ >= 0xD800 && code_ < 0xDC00;
  const bool low = code_ >= 0xDC00 && code_ < 0xE000;
  if (low != (high_surrogate_ != 0)) return refuse(unexpected(c));
  if (high) {
    high_surrogate_ = code_;
    return true;
  }
  std::uint32_t code = code_;
  if (low) code = 0x10000 + ((high_surrogate_ - 0xD800) << 10) + (code_ - 0xDC00);
  high_surrogate_ = 0;
  return keep_code_point(code);
}

bool Scanner::number_goes_on(char c) {
  const auto to = [this](Number next) {
    number_ = next;
    return true;
  };
  const bool exponent = c == 'e' || c == 'E';
  switch (number_) {
    case Number::kMinus: return is_digit(c) && to(c == '0' ? Number::kZero : Number::kInteger);
    case Number::kInteger:
      if (is_digit(c)) return true;
      [[fallthrough]];
    case Number::kZero:
      return (c == '.' && to(Number::kPoint)) || (exponent && to(Number::kExponent));
    case Number::kPoint: return is_digit(c) && to(Number::kFraction);
    case Number::kFraction: return is_digit(c) || (exponent && to(Number::kExponent));
    case Number::kExponent:
      return (is_digit(c) && to(Number::kDigits)) || ((c == '+' || c == '-') && to(Number::kSign));
    case Number::kSign: return is_digit(c) && to(Number::kDigits);
    case Number::kDigits: return is_digit(c);
  }
  return false;
}

bool Scanner::number_is_whole() const {
  return number_ == Number::kZero || number_ == Number::kInteger || number_ == Number::kFraction ||
         number_ == Number::kDigits;
}

// A key beyond the limit cannot be one that was asked for, so only its beginning is kept.
bool Scanner::keep(std::string_view text) {
  if (!keeping_) return true;
  if (kept_.size() + text.size() > kMaxValue) {
    if (!in_key_) {
      return refuse({Code::kLimit, "the request body's \"" + std::string(current_->name) +
                                       "\" is longer than " + std::to_string(kMaxValue) +
                                       " bytes"});
    }
    text = text.substr(0, kMaxValue + 1 - std::min(kept_.size(), kMaxValue + 1));
  }
  kept_.append(text);
  return true;
}

bool Scanner::keep_code_point(std::uint32_t code) {
  std::array<char, 4> utf8;
  std::size_t size = 0;
  const auto put = [&](std::uint32_t byte) { utf8[size++] = static_cast<char>(byte); };
  if (code < 0x80) {
    put(code);
  } else if (code < 0x800) {
    put(0xC0 | (code >> 6));
    put(0x80 | (code & 0x3F));
  } else if (code < 0x10000) {
    put(0xE0 | (code >> 12));
    put(0x80 | ((code >> 6) & 0x3F));
    put(0x80 | (code & 0x3F));
  } else {
    put(0xF0 | (code >> 18));
    put(0x80 | ((code >> 12) & 0x3F));
    put(0x80 | ((code >> 6) & 0x3F));
    put(0x80 | (code & 0x3F));
  }
  return keep(std::string_view(utf8.data(), size));
}

}  // namespace corral::json
