// What a new engine is asked, so that it goes on where a stream broke off: the client's own request
// with the text so far as the beginning of the answer.
//
// How engines go on (llama-server v0.5.0): chat goes on with a last message of the assistant,
// and "continue_final_message" with "add_generation_prompt": false keeps it from saying that
// message's text again (vLLM knows both words as well). Anthropic's API goes on with a last message
// of the assistant too, and says its text again. The plain completions go on with their prompt. The
// text is tokenised anew with what stands before it, so that at the seam tokens may be others than
// those that were generated.
#pragma once

#include <string>

#include "base/result.h"
#include "gateway/generated_text.h"

namespace corral::gateway {

struct Continuation {
  std::string body;
  bool at_limit = false;  // all tokens are there that were asked for: nobody need be asked
};

// `body` is the client's. kInvalid if it cannot be done, with the reason as the end of a sentence
// ("it had begun a tool call").
Result<Continuation> continue_request(std::string body, const GeneratedText& generated);

}  // namespace corral::gateway
