// The two shapes in which clients expect errors: OpenAI's (also llama-server's) and Anthropic's.
// Sources: the public API references of both for error objects and streaming errors.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"

namespace corral::gateway {

enum class Dialect { kOpenAi, kAnthropic };

// The HTTP status that tells a client of this kind of failure.
int status_of(Code code);
// The same for a failure to read the client's own request, or to keep it while it waits.
int status_of_request(Code code);

// An error as the JSON body of a reply.
std::string error_body(Dialect dialect, int status, std::string_view message);

// The same inside a stream: one well-formed server-sent event.
std::string error_event(Dialect dialect, int status, std::string_view message);

}  // namespace corral::gateway
