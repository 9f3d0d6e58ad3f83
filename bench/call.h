// One kind of request that the load generator makes: a POST to /v1/chat/completions that names a
// model, as a client of the API would send it.
#pragma once

#include <cstdint>
#include <string>

namespace bench {

struct Call {
  std::string model = "bench";
  bool stream = false;
  std::int64_t max_tokens = 16;
  std::int64_t rate = 100;      // events a second, for our own upstream; engines ignore it
  std::int64_t body_bytes = 0;  // the message is padded until the body is this long
  bool model_last = false;      // "model" stands behind the messages
};

// Head and body, ready to be sent on a connection that stays open.
std::string request_bytes(const Call& call);

}  // namespace bench
