// What one reply says about its tokens: the `usage` of OpenAI's and Anthropic's APIs and
// llama-server's `timings`.
#pragma once

#include <cstdint>

namespace corral::telemetry {

struct Usage {
  std::uint64_t prompt_tokens = 0;     // processed or taken from the cache
  std::uint64_t cached_tokens = 0;     // of which from the cache
  std::uint64_t generated_tokens = 0;  // the reply's
  double prompt_per_second = 0;        // 0: not told
  double generated_per_second = 0;     // 0: not told
  bool known = false;                  // the reply said anything at all
};

}  // namespace corral::telemetry
