#include "http/chunk_decoder.h"

#include <algorithm>
#include <cstring>

#include "http/message.h"

namespace corral::http {

bool ChunkDecoder::size_digit(char c) {
  int value = -1;
  if (c >= '0' && c <= '9') value = c - '0';
  if (c >= 'a' && c <= 'f') value = c - 'a' + 10;
  if (c >= 'A' && c <= 'F') value = c - 'A' + 10;
  // 2^60 bytes are more than any body; what is left then cannot overflow.
  if (value < 0 || left_ >= (std::uint64_t{1} << 56)) return false;
  left_ = left_ * 16 + static_cast<std::uint64_t>(value);
  state_ = State::kSize;
  return true;
}

// Some senders pad sizes with spaces, before the extension or the line's end. Text of any other
// kind would make the size of "5 5" a matter of taste.
bool ChunkDecoder::after_size(char c) {
  if (c == ' ') state_ = State::kSizeBlank;
  if (c == ';') state_ = State::kExtension;
  if (c == '\r') state_ = State::kSizeLf;
  return c == ' ' || c == ';' || c == '\r';
}

// A trailer has a header's form, though nobody looks at what it says.
bool ChunkDecoder::trailer(char c) {
  if (state_ == State::kTrailerStart && c == '\r') {
    state_ = State::kEndLf;
    return true;
  }
  if (state_ != State::kTrailer) {
    const bool named = state_ == State::kTrailerName && c == ':';
    state_ = named ? State::kTrailer : State::kTrailerName;
    return named || is_token(std::string_view(&c, 1));
  }
  if (c == '\r') state_ = State::kTrailerLf;
  return c == '\r' || is_field_value(std::string_view(&c, 1));
}

// One byte of framing. False if it may not stand here.
bool ChunkDecoder::frame(char c) {
  switch (state_) {
    case State::kSizeStart:
      line_ = 0;
      left_ = 0;
      return size_digit(c);
    case State::kSize:
      if (++line_ > kMaxLine) return false;
      return after_size(c) || size_digit(c);
    case State::kSizeBlank: return ++line_ <= kMaxLine && after_size(c);
    case State::kExtension:
      if (c == '\r') state_ = State::kSizeLf;
      return ++line_ <= kMaxLine && (c == '\r' || is_field_value(std::string_view(&c, 1)));
    case State::kSizeLf:
      line_ = 0;
      state_ = left_ == 0 ? State::kTrailerStart : State::kData;
      return c == '\n';
    case State::kDataCr: state_ = State::kDataLf; return c == '\r';
    case State::kDataLf: state_ = State::kSizeStart; return c == '\n';
    case State::kTrailerStart:
    case State::kTrailerName:
    case State::kTrailer: return ++line_ <= kMaxTrailers && trailer(c);
    case State::kTrailerLf: state_ = State::kTrailerStart; return c == '\n';
    case State::kEndLf: state_ = State::kDone; return c == '\n';
    case State::kData:
    case State::kDone: break;
  }
  return false;
}

Result<ChunkDecoder::Step> ChunkDecoder::decode(std::span<char> bytes) {
  std::size_t piece_begin = 0;
  std::size_t piece_end = 0;
  std::size_t at = 0;
  while (at < bytes.size() && state_ != State::kDone) {
    if (state_ != State::kData) {
      if (!frame(bytes[at])) {
        return fail(Code::kInvalid, "the chunked body is malformed");
      }
      ++at;
      continue;
    }
    const std::size_t count =
        static_cast<std::size_t>(std::min<std::uint64_t>(left_, bytes.size() - at));
    if (piece_end == piece_begin) {
      piece_begin = at;  // the first payload stays where it is
      piece_end = at;
    } else {
      std::memmove(bytes.data() + piece_end, bytes.data() + at, count);
    }
    piece_end += count;
    at += count;
    left_ -= count;
    if (left_ == 0) state_ = State::kDataCr;
  }
  return Step{std::string_view(bytes.data() + piece_begin, piece_end - piece_begin), at};
}

}  // namespace corral::http
