// Which requests name a model in their body and go to its engine, and how their clients talk.
#pragma once

#include <string_view>

#include "gateway/dialect.h"

namespace corral::gateway {

// How the events of a stream carry generated text, for those that another engine can go on with.
enum class StreamShape {
  kOther,
  kChat,      // OpenAI's chat.completion.chunk
  kText,      // OpenAI's text_completion
  kNative,    // llama-server's own
  kMessages,  // Anthropic's
};

struct ModelRoute {
  std::string_view path;
  Dialect dialect = Dialect::kOpenAi;
  bool streams = false;  // "stream": true in the body asks for server-sent events
  StreamShape shape = StreamShape::kOther;
};

// nullptr if the path is not one of them.
const ModelRoute* find_model_route(std::string_view path);

}  // namespace corral::gateway
