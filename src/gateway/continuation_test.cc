#include "gateway/continuation.h"

#include <doctest/doctest.h>

using namespace corral;
using namespace corral::gateway;

namespace {

// Two tokens, "a" and a quoted "b".
GeneratedText two_tokens(StreamShape shape) {
  GeneratedText generated(shape);
  if (shape == StreamShape::kNative) {
    generated.push("data: {\"content\":\"a\"}\n\ndata: {\"content\":\"\\\"b\\\"\"}\n\n");
  } else if (shape == StreamShape::kMessages) {
    generated.push(
        "data: "
        "{\"type\":\"content_block_delta\",\"delta\":{\"type\":\"text_delta\",\"text\":\"a\"}}"
        "\n\ndata: {\"type\":\"content_block_delta\",\"delta\":{\"type\":\"text_delta\",\"text\":"
        "\"\\\"b\\\"\"}}\n\n");
  } else {
    const std::string_view key = shape == StreamShape::kChat ? "content" : "text";
    for (const std::string_view text : {"a", "\\\"b\\\""}) {
      std::string field = "{\"" + std::string(key) + "\":\"" + std::string(text) + "\"}";
      if (shape == StreamShape::kChat) field = "{\"delta\":" + field + "}";
      generated.push("data: {\"choices\":[" + field + "]}\n\n");
    }
  }
  CHECK(generated.tokens() == 2);
  return generated;
}

std::string continued(StreamShape shape, const std::string& body) {
  const Result<Continuation> next = continue_request(body, two_tokens(shape));
  if (!next.has_value()) return "error: " + next.error().message;
  return next->at_limit ? "at the limit" : next->body;
}

}  // namespace

TEST_CASE("a chat is asked for with the text as the assistant's last message") {
  CHECK(continued(StreamShape::kChat,
                  R"({ "messages":[ {"role":"user","content":"x"} ],"stream" : true})") ==
        R"({ "messages":[ {"role":"user","content":"x"},{"role":"assistant","content":"a\"b\""} ],)"
        R"("stream" : true,"add_generation_prompt":false,"continue_final_message":true})");
}

TEST_CASE("a message that the client began is gone on with") {
  CHECK(
      continued(StreamShape::kMessages, R"({"messages":[{"role":"assistant","content":"so "}]})") ==
      R"({"messages":[{"role":"assistant","content":"so a\"b\""}]})");
  CHECK(
      continued(StreamShape::kMessages,
                R"({"messages":[{"role":"assistant","content":[{"type":"text","text":"so"}]}]})") ==
      R"({"messages":[{"role":"assistant","content":[{"type":"text","text":"so"},)"
      R"({"type":"text","text":"a\"b\""}]}]})");
}

TEST_CASE("a completion is asked for with a longer prompt") {
  for (const StreamShape shape : {StreamShape::kText, StreamShape::kNative}) {
    CHECK(continued(shape, R"({"prompt":"x"})") == R"({"prompt":"xa\"b\""})");
    CHECK(continued(shape, R"({"prompt":[1,2]})").starts_with("error: "));
    CHECK(continued(shape, R"({"n":1})").starts_with("error: "));
  }
}

TEST_CASE("limits are less by what has come, and none stays none") {
  CHECK(continued(StreamShape::kText, R"({"prompt":"","max_tokens":10,"n_predict":-1})") ==
        R"({"prompt":"a\"b\"","max_tokens":8,"n_predict":-1})");
  CHECK(continued(StreamShape::kText, R"({"prompt":"","max_tokens":null,"n_predict":3})") ==
        R"({"prompt":"a\"b\"","max_tokens":null,"n_predict":1})");
  CHECK(continued(StreamShape::kText, R"({"prompt":"","max_completion_tokens":2})") ==
        "at the limit");
}

TEST_CASE("what was asked for may forbid it, once there is text") {
  for (const std::string more :
       {R"("grammar":"root ::= x")", R"("json_schema":{})", R"("response_format":{"type":"json"})",
        R"("logprobs":true)", R"("logprobs":5)", R"("n_probs":3)", R"("n":2)", R"("echo":true)",
        R"("continue_final_message":true)", R"("add_generation_prompt":true)", R"("n":1,"n":1)"}) {
    CAPTURE(more);
    const std::string body = R"({"messages":[{"role":"user"}],)" + more + "}";
    CHECK(continued(StreamShape::kChat, body).starts_with("error: "));
  }
  for (const std::string more :
       {R"("grammar":"")", R"("json_schema":null)", R"("response_format":{"type":"text"})",
        R"("logprobs":false)", R"("n_probs":0)", R"("n":1)", R"("tools":[{}])"}) {
    CAPTURE(more);
    const std::string body = R"({"messages":[{"role":"user"}],)" + more + "}";
    CHECK_FALSE(continued(StreamShape::kChat, body).starts_with("error: "));
  }
}

TEST_CASE("a stream without text yet is asked for again as it was") {
  GeneratedText generated(StreamShape::kChat);
  generated.push("data: {\"choices\":[{\"delta\":{\"role\":\"assistant\",\"content\":null}}]}\n\n");
  const std::string body = R"({"messages":[],"grammar":"x","max_tokens":1})";
  CHECK(continue_request(body, generated).value().body == body);
  CHECK_FALSE(continue_request(R"({"n":2})", generated).has_value());
}
