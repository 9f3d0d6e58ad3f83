#include "call.h"

#include <algorithm>

namespace bench {

std::string request_bytes(const Call& call) {
  const std::string model = R"("model":")" + call.model + "\"";
  std::string before = "{";
  if (!call.model_last) before += model + ",";
  before += R"("max_tokens":)" + std::to_string(call.max_tokens) + R"(,"rate":)" +
            std::to_string(call.rate) + R"(,"temperature":0,)";
  if (call.stream) before += R"("stream":true,"stream_options":{"include_usage":true},)";
  before += R"("messages":[{"role":"user","content":"What is the capital of France?)";
  std::string after = "\"}]";
  if (call.model_last) after += "," + model;
  after += "}";

  const auto length = static_cast<std::int64_t>(before.size() + after.size());
  const auto padding =
      static_cast<std::size_t>(std::max<std::int64_t>(0, call.body_bytes - length));
  std::string bytes =
      "POST /v1/chat/completions HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
      "User-Agent: bench\r\nAccept: */*\r\nContent-Length: " +
      std::to_string(before.size() + padding + after.size()) + "\r\n\r\n";
  bytes.reserve(bytes.size() + before.size() + padding + after.size());
  bytes.append(before).append(padding, 'a').append(after);
  return bytes;
}

}  // namespace bench
