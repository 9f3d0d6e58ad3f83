// ChunkDecoder: takes the chunked framing (RFC 9112 section 7.1) off a body, in place. Passive: the
// caller reads bytes into its buffer and passes them; all payload of one call is moved together
// into one piece, so that one read gives one write.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "base/result.h"

namespace corral::http {

class ChunkDecoder {
 public:
  // Of the size line with its extensions, and of all trailers, which are read and dropped.
  static constexpr std::size_t kMaxLine = 256;
  static constexpr std::size_t kMaxTrailers = 8 * 1024;

  struct Step {
    std::string_view piece;    // in `bytes`; may be empty
    std::size_t consumed = 0;  // less than all only when the body's end is among them
  };

  // kInvalid when the framing is malformed; the decoder is spent then.
  Result<Step> decode(std::span<char> bytes);

  bool done() const { return state_ == State::kDone; }

 private:
  enum class State {
    kSizeStart,  // a hex digit must come
    kSize,
    kSizeBlank,  // what follows the size is an extension or the line's end
    kExtension,
    kSizeLf,
    kData,
    kDataCr,
    kDataLf,
    kTrailerStart,  // of a line
    kTrailerName,
    kTrailer,
    kTrailerLf,
    kEndLf,
    kDone,
  };
  bool frame(char c);
  bool size_digit(char c);
  bool after_size(char c);
  bool trailer(char c);

  State state_ = State::kSizeStart;
  std::uint64_t left_ = 0;  // of the chunk
  std::size_t line_ = 0;    // bytes of the size line or of the trailers so far
};

}  // namespace corral::http
