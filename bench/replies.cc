#include "replies.h"

#include <cstdio>
#include <string_view>

namespace bench {
namespace {

constexpr std::string_view kUsage =
    R"("usage":{"completion_tokens":16,"prompt_tokens":24,"total_tokens":40,)"
    R"("prompt_tokens_details":{"cached_tokens":23}})";
constexpr std::string_view kTimings =
    R"("timings":{"cache_n":23,"prompt_n":1,"prompt_ms":4.1,"prompt_per_token_ms":4.1,)"
    R"("prompt_per_second":243.9,"predicted_n":16,"predicted_ms":9.8,)"
    R"("predicted_per_token_ms":0.61,"predicted_per_second":1632.6})";

std::string json_reply(const std::string& body) {
  return "HTTP/1.1 200 OK\r\nServer: upstream\r\nContent-Type: application/json; charset=utf-8\r\n"
         "Content-Length: " +
         std::to_string(body.size()) + "\r\n\r\n" + body;
}

std::string chunk_of(const std::string& bytes) {
  char size[32];
  const int n = std::snprintf(size, sizeof size, "%zx\r\n", bytes.size());
  return std::string(size, static_cast<std::size_t>(n)) + bytes + "\r\n";
}

// One event; `middle` is what differs between the kinds.
std::string event(const std::string& middle) {
  return "data: {" + middle +
         R"(,"created":1700000000,"id":"chatcmpl-8ZrVdV0mY1hW5cWk2q7cB3pXo9tLxJ6e","model":"bench",)"
         R"("system_fingerprint":"b1-0000000","object":"chat.completion.chunk"})"
         "\n\n";
}

}  // namespace

std::string plain_reply() {
  std::string body =
      R"({"choices":[{"finish_reason":"stop","index":0,"message":{"role":"assistant",)"
      R"("content":"The capital of France is Paris."}}],"created":1700000000,"model":"bench",)"
      R"("system_fingerprint":"b1-0000000","object":"chat.completion",)";
  body.append(kUsage).append(R"(,"id":"chatcmpl-8ZrVdV0mY1hW5cWk2q7cB3pXo9tLxJ6e",)");
  body.append(kTimings).append("}");
  return json_reply(body);
}

std::string health_reply() { return json_reply(R"({"status":"ok"})"); }

std::string stream_head() {
  return "HTTP/1.1 200 OK\r\nServer: upstream\r\nContent-Type: text/event-stream\r\n"
         "X-Accel-Buffering: no\r\nTransfer-Encoding: chunked\r\n\r\n";
}

std::string event_chunk(std::int64_t sent_ns) {
  return chunk_of(
      event(R"("choices":[{"finish_reason":null,"index":0,"delta":{"content":" word"}}],)"
            R"("sent_ns":)" +
            std::to_string(sent_ns)));
}

std::string stream_end(std::int64_t events) {
  std::string usage = R"("choices":[],"events":)" + std::to_string(events) + ",";
  usage.append(kUsage).append(",").append(kTimings);
  return chunk_of(event(R"("choices":[{"finish_reason":"stop","index":0,"delta":{}}])")) +
         chunk_of(event(usage)) + chunk_of("data: [DONE]\n\n") + "0\r\n\r\n";
}

}  // namespace bench
