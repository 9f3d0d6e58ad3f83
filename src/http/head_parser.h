// Reads the heads of requests and replies (RFC 9112), strictly: what two parsers could understand
// in two ways is refused, since a proxy that guesses lets requests be smuggled past it. One pass
// over a whole head in the connection's buffer; the result is views into it.
#pragma once

#include <cstddef>
#include <optional>
#include <string_view>

#include "base/result.h"
#include "http/message.h"

namespace corral::http {

// Why a head is refused: the status for the client, and a sentence with static life.
struct Refusal {
  int status = 400;
  std::string_view message;
};

// Looks for the empty line that ends a head. `seen` is how much of `bytes` earlier calls have
// looked at; it is 0 at first and is moved on. The head's size with the empty line, 0 if it has not
// come yet; kInvalid for a line that ends in LF alone.
Result<std::size_t> find_head_end(std::string_view bytes, std::size_t& seen);

// `text` is a whole head as find_head_end delimits it; one empty line before a request is ignored
// (RFC 9112 section 2.2). `head` is filled and reused; after a refusal its content is unspecified.
std::optional<Refusal> parse_request_head(std::string_view text, RequestHead& head);

// The same for a reply. `to_head_request`: the request was a HEAD, so no body follows.
std::optional<Refusal> parse_response_head(std::string_view text, bool to_head_request,
                                           ResponseHead& head);

}  // namespace corral::http
