#include "replies.h"

#include <algorithm>
#include <array>
#include <cstdio>

namespace fake {
namespace {

struct Route {
  std::string_view path;
  Dialect dialect;
};
constexpr std::array kRoutes{
    Route{"/v1/chat/completions", Dialect::kChat},
    Route{"/chat/completions", Dialect::kChat},
    Route{"/v1/completions", Dialect::kCompletion},
    Route{"/completion", Dialect::kNative},
    Route{"/infill", Dialect::kNative},
    Route{"/v1/messages", Dialect::kMessages},
    Route{"/v1/responses", Dialect::kResponses},
    Route{"/v1/embeddings", Dialect::kEmbeddings},
    Route{"/v1/rerank", Dialect::kRerank},
};

constexpr int64_t kPromptTokens = 7;

std::string word(int64_t index) { return "word" + std::to_string(index) + " "; }

std::string text_of(const Words& words) {
  std::string all;
  for (int64_t i = words.first; i < words.end; ++i) all += word(i);
  return all;
}

// What comes before the reply's first word is prompt.
std::string usage(const Words& words) {
  return R"("usage":{"prompt_tokens":)" + std::to_string(kPromptTokens + words.first) +
         R"(,"completion_tokens":)" + std::to_string(words.count()) + R"(,"total_tokens":)" +
         std::to_string(kPromptTokens + words.end) +
         R"(,"prompt_tokens_details":{"cached_tokens":2}})";
}

// The usage of the Anthropic and the Responses dialects.
std::string in_out(const Words& words) {
  return R"("usage":{"input_tokens":)" + std::to_string(kPromptTokens + words.first) +
         R"(,"output_tokens":)" + std::to_string(words.count()) + R"(,"total_tokens":)" +
         std::to_string(kPromptTokens + words.end) + "}";
}

std::string timings(const Words& words) {
  return R"("timings":{"cache_n":2,"prompt_n":)" + std::to_string(kPromptTokens - 2 + words.first) +
         R"(,"prompt_ms":10.0,"prompt_per_token_ms":2.0,"prompt_per_second":500.0,"predicted_n":)" +
         std::to_string(words.count()) +
         R"(,"predicted_ms":20.0,"predicted_per_token_ms":4.0,"predicted_per_second":250.0})";
}

std::string received(const Request& request) {
  return R"("received_bytes":)" + std::to_string(request.body_bytes);
}

std::string sse_data(std::string_view json) {
  return std::string("data: ").append(json).append("\n\n");
}

// An event that is named in the SSE text and by the "type" in its data.
std::string named(std::string_view type, std::string_view rest) {
  std::string json = R"({"type":)" + quoted(type);
  if (!rest.empty()) json.append(",").append(rest);
  return std::string("event: ").append(type).append("\n").append(sse_data(json + "}"));
}

std::string chunk(std::string_view name, std::string_view choices, std::string_view rest) {
  std::string json = R"({"choices":)" + std::string(choices) +
                     R"(,"created":1700000000,"id":"chatcmpl-fake","model":)" + quoted(name) +
                     R"(,"system_fingerprint":"fake","object":"chat.completion.chunk")";
  return sse_data(json.append(rest).append("}"));
}

std::string messages_head(std::string_view name, std::string_view content, const Words& words,
                          std::string_view stop) {
  return R"("id":"msg_fake","type":"message","role":"assistant","model":)" + quoted(name) +
         R"(,"content":)" + std::string(content) + R"(,"stop_reason":)" + std::string(stop) +
         R"(,"stop_sequence":null,)" + in_out(words);
}

}  // namespace

std::string quoted(std::string_view text) {
  std::string out = "\"";
  for (char c : text) {
    if (c == '"' || c == '\\') out += '\\';
    if (static_cast<unsigned char>(c) >= 0x20) {
      out += c;
      continue;
    }
    char escape[8];
    std::snprintf(escape, sizeof escape, "\\u%04x", static_cast<unsigned>(c));
    out += escape;
  }
  return out + "\"";
}

std::string error_body(int status, std::string_view type, std::string_view message) {
  return R"({"error":{"message":)" + quoted(message) + R"(,"type":)" + quoted(type) +
         R"(,"code":)" + std::to_string(status) + "}}";
}

bool dialect_of(std::string_view path, Dialect& dialect) {
  for (const Route& route : kRoutes) {
    if (route.path != path) continue;
    dialect = route.dialect;
    return true;
  }
  return false;
}

bool can_stream(Dialect dialect) {
  return dialect != Dialect::kEmbeddings && dialect != Dialect::kRerank;
}

Words words_of(const Options& options, const Request& request) {
  Words words{.first = std::min(request.next_word, options.events),
              .end = options.events,
              .limited = false};
  words.limited = request.max_tokens >= 0 && request.max_tokens < words.count();
  if (words.limited) words.end = words.first + request.max_tokens;
  return words;
}

std::string whole_reply(Dialect dialect, const Options& options, const Request& request) {
  const std::string model = R"("model":)" + quoted(options.name);
  const Words words = words_of(options, request);
  const std::string text = quoted(text_of(words));
  const std::string reason = words.limited ? R"("length")" : R"("stop")";
  const std::string tail = "," + received(request) + "," + timings(words) + "," + model;
  switch (dialect) {
    case Dialect::kChat:
      return R"({"choices":[{"finish_reason":)" + reason +
             R"(,"index":0,"message":{"role":"assistant","content":)" + text +
             R"(}}],"created":1700000000,"object":"chat.completion",)"
             R"("id":"chatcmpl-fake",)" +
             usage(words) + tail + "}";
    case Dialect::kCompletion:
      return R"({"choices":[{"finish_reason":)" + reason + R"(,"index":0,"logprobs":null,"text":)" +
             text + R"(}],"created":1700000000,"object":"text_completion","id":"cmpl-fake",)" +
             usage(words) + tail + "}";
    case Dialect::kNative:
      return R"({"index":0,"content":)" + text + R"(,"stop":true,"id_slot":0,"tokens_predicted":)" +
             std::to_string(words.count()) + R"(,"tokens_evaluated":)" +
             std::to_string(kPromptTokens + words.first) + tail + "}";
    case Dialect::kMessages:
      return "{" +
             messages_head(options.name, R"([{"type":"text","text":)" + text + "}]", words,
                           words.limited ? R"("max_tokens")" : R"("end_turn")") +
             "," + received(request) + "}";
    case Dialect::kResponses:
      return R"({"id":"resp_fake","object":"response","created_at":1700000000,)"
             R"("status":"completed","output":[{"type":"message","id":"msg_fake","role":)"
             R"("assistant","status":"completed","content":[{"type":"output_text",)"
             R"("annotations":[],"text":)" +
             text + "}]}]," + in_out(words) + tail + "}";
    case Dialect::kEmbeddings:
      return R"({"object":"list","data":[{"object":"embedding","index":0,"embedding":)"
             R"([0.25,-0.5,1.0]}],"usage":{"prompt_tokens":7,"total_tokens":7})" +
             tail + "}";
    case Dialect::kRerank:
      return R"({"object":"list","results":[{"index":0,"relevance_score":0.5}],)"
             R"("usage":{"prompt_tokens":7,"total_tokens":7})" +
             tail + "}";
  }
  return "{}";
}

std::string Stream::text(int64_t index) const {
  const std::string piece = quoted(word(index));
  switch (dialect) {
    case Dialect::kNative:
      return sse_data(R"({"index":0,"content":)" + piece + R"(,"stop":false,"id_slot":0})");
    case Dialect::kCompletion:
      return chunk(name, R"([{"finish_reason":null,"index":0,"text":)" + piece + "}]", "");
    case Dialect::kMessages:
      return named("content_block_delta",
                   R"("index":0,"delta":{"type":"text_delta","text":)" + piece + "}");
    case Dialect::kResponses:
      return named("response.output_text.delta",
                   R"("item_id":"msg_fake","output_index":0,"content_index":0,"delta":)" + piece);
    default:
      return chunk(name, R"([{"finish_reason":null,"index":0,"delta":{"content":)" + piece + "}}]",
                   "");
  }
}

Stream stream_reply(Dialect dialect, const Options& options, const Request& request) {
  Stream s{.first = {}, .last = {}, .dialect = dialect, .name = options.name};
  const Words words = words_of(options, request);
  const std::string reason = words.limited ? R"("length")" : R"("stop")";
  const std::string whole = whole_reply(dialect, options, request);
  switch (dialect) {
    case Dialect::kNative: s.last = {sse_data(whole)}; return s;
    case Dialect::kMessages:
      s.first = {
          named("message_start",
                R"("message":{)" +
                    messages_head(options.name, "[]", {words.first, words.first, false}, "null") +
                    "}"),
          named("content_block_start", R"("index":0,"content_block":{"type":"text","text":""})")};
      s.last = {named("content_block_stop", R"("index":0)"),
                named("message_delta",
                      R"("delta":{"stop_reason":)" +
                          std::string(words.limited ? R"("max_tokens")" : R"("end_turn")") +
                          R"(,"stop_sequence":null},)" + in_out(words)),
                named("message_stop", "")};
      return s;
    case Dialect::kResponses:
      s.last = {named("response.completed", R"("response":)" + whole)};
      return s;
    default: {
      const bool chat = dialect == Dialect::kChat;
      const std::string end = "," + received(request) + "," + timings(words);
      if (chat) {
        s.first = {chunk(options.name,
                         R"([{"finish_reason":null,"index":0,)"
                         R"("delta":{"role":"assistant","content":null}}])",
                         "")};
      }
      s.last = {chunk(options.name,
                      R"([{"finish_reason":)" + reason +
                          (chat ? R"(,"index":0,"delta":{}}])" : R"(,"index":0,"text":""}])"),
                      request.include_usage ? "" : end)};
      if (request.include_usage) {
        s.last.push_back(chunk(options.name, "[]", "," + usage(words) + end));
      }
      s.last.push_back(sse_data("[DONE]"));
      return s;
    }
  }
}

}  // namespace fake
