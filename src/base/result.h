// Expected failures are values. A function that can fail returns Result<T>; the Error is one
// sentence for a person: what was tried, on what, and what to do about it. Nothing here throws.
#pragma once

#include <expected>
#include <string>
#include <utility>

namespace corral {

// What kind of failure it is, for code that reacts to it (HTTP status, retry, exit status).
enum class Code {
  kInvalid,      // the input is wrong; repeating it will not help
  kNotFound,     // a name or file does not exist
  kUnavailable,  // something that must run does not run or refuses; later may help
  kTimeout,      // a deadline passed
  kCancelled,    // the caller or a stop asked for the end
  kClosed,       // the other side closed the connection or stream
  kLimit,        // a size, count or rate limit was exceeded
  kIo,           // the operating system reported a failure
  kInternal,     // a fault of ours
};

struct Error {
  Code code = Code::kInternal;
  std::string message;
};

template <class T>
using Result = std::expected<T, Error>;

inline std::unexpected<Error> fail(Code code, std::string message) {
  return std::unexpected<Error>(Error{code, std::move(message)});
}

}  // namespace corral
