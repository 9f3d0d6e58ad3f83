// Sends an error as a whole reply, and reads what an engine's error reply says.
#pragma once

#include <string>
#include <string_view>

#include "gateway/dialect.h"
#include "http/server.h"

namespace corral::gateway {

// Replies with `status` and `message` in the client's dialect. 429 and 503 carry Retry-After, a
// second at least. Requires: the exchange has not begun its reply.
io::Task<void> reply_error(http::Exchange& exchange, Dialect dialect, int status,
                           std::string message, Duration retry_after = seconds(1));

// The sentence in an error reply's JSON body (`error.message`, `message`, `detail` or `error`), or
// one about the status if there is none.
std::string message_of_error_reply(int status, std::string_view body);

}  // namespace corral::gateway
