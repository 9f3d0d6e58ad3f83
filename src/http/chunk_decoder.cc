#include "http/chunk_decoder.h"

#include <algorithm>
#include <cstring>

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

// One byte of framing. False if it may not stand here.
bool ChunkDecoder::frame(char c) {
  const bool plain = static_cast<unsigned char>(c) >= 0x20 && c != 0x7F;
  switch (state_) {
    case State::kSizeStart:
      line_ = 0;
      left_ = 0;
      return size_digit(c);
    case State::kSize:
      if (++line_ > kMaxLine) return false;
      if (c == '\r') {
        state_ = State::kSizeLf;
        return true;
      }
      // Blanks before an extension are what some senders pad sizes with.
      if (c == ';' || c == ' ' || c == '\t') {
        state_ = State::kExtension;
        return true;
      }
      return size_digit(c);
    case State::kExtension:
      if (c == '\r') state_ = State::kSizeLf;
      return ++line_ <= kMaxLine && (plain || c == '\t' || c == '\r');
    case State::kSizeLf:
      line_ = 0;
      state_ = left_ == 0 ? State::kTrailerStart : State::kData;
      return c == '\n';
    case State::kDataCr: state_ = State::kDataLf; return c == '\r';
    case State::kDataLf: state_ = State::kSizeStart; return c == '\n';
    case State::kTrailerStart:
      state_ = c == '\r' ? State::kEndLf : State::kTrailer;
      return ++line_ <= kMaxTrailers && (c == '\r' || (plain && c != ' ' && c != ':'));
    case State::kTrailer:
      if (c == '\r') state_ = State::kTrailerLf;
      return ++line_ <= kMaxTrailers && (plain || c == '\t' || c == '\r');
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
