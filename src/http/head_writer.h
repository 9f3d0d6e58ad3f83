// Writes the heads of requests and replies. The headers that speak about the connection are made
// here and those that a caller passes are left out; what could break out of its line is refused.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "base/result.h"
#include "http/message.h"

namespace corral::http {

// How a message's body is framed and whether the connection goes on after it.
struct Delivery {
  Framing framing = Framing::kNone;
  std::uint64_t length = 0;
  bool keep_alive = true;
  bool http11 = true;          // the other side's version
  std::string_view more = {};  // whole lines of further headers, each with its CRLF
};

// `out` is replaced; its memory is reused. kInvalid if a name or value could not stand in a head.
// With kNone, Content-Length: 0 is written unless the status itself says that there is no body.
Result<void> write_response_head(std::string& out, int status, std::span<const Header> headers,
                                 const Delivery& delivery);

// `host` is written unless `headers` has a Host. Expect is left out too: the body follows at once.
Result<void> write_request_head(std::string& out, std::string_view method, std::string_view target,
                                std::string_view host, std::span<const Header> headers,
                                const Delivery& delivery);

// "1f\r\n" into `line`; a view of it. The line has room for any size.
std::string_view write_chunk_size(std::span<char, 20> line, std::size_t size);

}  // namespace corral::http
