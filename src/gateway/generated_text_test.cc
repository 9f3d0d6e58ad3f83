#include "gateway/generated_text.h"

#include <doctest/doctest.h>

using namespace corral::gateway;

namespace {

std::string data(const std::string& json) { return "data: " + json + "\n\n"; }

std::string chat(const std::string& delta, const std::string& more = "") {
  return data(R"({"choices":[{"finish_reason":null,"index":0,"delta":)" + delta +
              R"(}],"id":"x","created":1)" + more + "}");
}

std::string message(const std::string& json) {
  return "event: whatever\r\ndata: " + json + "\r\n\r\n";
}

GeneratedText read(StreamShape shape, const std::string& events) {
  GeneratedText generated(shape);
  generated.push(events);
  return generated;
}

}  // namespace

TEST_CASE("the text of every shape is kept as it is spelled, and its events are counted") {
  struct Row {
    StreamShape shape;
    std::string events;
  };
  const Row rows[] = {
      {StreamShape::kChat,
       chat(R"({"role":"assistant","content":null})") + chat(R"({"content":"a\"b"})") +
           ": ping\n\n" + chat(R"({"content":"\u00e9\\"})", R"(,"timings":{"predicted_n":2})") +
           chat(R"({ "content" : "c" })")},
      {StreamShape::kText,
       data(R"({"choices":[{"text":"a\"b","index":0,"logprobs":null,"finish_reason":null}]})") +
           data(R"({"choices":[{"text":"\u00e9\\","index":0,"logprobs":null,)"
                R"("finish_reason":null}],"id":1})") +
           data(R"({"id":1,"choices":[{"index":0,"text":"c"}]})")},
      {StreamShape::kNative,
       data(R"({"index":0,"content":"a\"b","tokens":[1],"stop":false})") +
           data(R"({"index":0,"content":"\u00e9\\","tokens":[2,3],"stop":false})") +
           data(R"({"content":"c"})")},
      {StreamShape::kMessages,
       message(R"({"type":"message_start","message":{"id":"m","content":[]}})") +
           message(R"({"type":"content_block_start","index":2,"content_block":{"type":"text",)"
                   R"("text":""}})") +
           message(R"({"type":"content_block_delta","index":2,"delta":{"type":"text_delta",)"
                   R"("text":"a\"b"}})") +
           message(R"({"type":"ping"})") +
           message(R"({"type":"content_block_delta","index":2,"delta":{"type":"text_delta",)"
                   R"("text":"\u00e9\\"}})") +
           message(R"({"delta":{"text":"c","type":"text_delta"},"type":"content_block_delta"})")},
  };
  for (const Row& row : rows) {
    CAPTURE(row.events);
    const GeneratedText generated = read(row.shape, row.events);
    CHECK(generated.text() == R"(a\"b\u00e9\\c)");
    CHECK(generated.tokens() == 3);
    CHECK(generated.obstacle() == "");
    CHECK(generated.begun());
    CHECK_FALSE(generated.done());
    CHECK(generated.open_block() == (row.shape == StreamShape::kMessages ? 2 : -1));
  }
}

TEST_CASE("what no engine can go on with is noticed, also behind events that are all alike") {
  struct Row {
    StreamShape shape;
    std::string event;
    std::string obstacle;
  };
  const auto choice = [](const std::string& fields) {
    return data(R"({"choices":[{)" + fields + "}]}");
  };
  const Row rows[] = {
      {StreamShape::kChat, chat(R"({"reasoning_content":"hm"})"), "reasoning"},
      {StreamShape::kChat, chat(R"({"tool_calls":[{"index":0}]})"), "tool call"},
      {StreamShape::kChat, chat(R"({"content":"a","tool_calls":[{"index":0}]})"), "tool call"},
      {StreamShape::kChat, chat(R"({"audio":{"id":1}})"), "other than text"},
      {StreamShape::kChat, chat(R"({"content":[{"type":"text"}]})"), "other than text"},
      {StreamShape::kChat, choice(R"("index":1,"delta":{"content":"a"})"), "several"},
      {StreamShape::kChat, choice(R"("index":0,"delta":{"content":"a"},"logprobs":{"a":1})"),
       "probabilities"},
      {StreamShape::kChat, choice(R"("finish_reason":"stop","index":0,"delta":{})"), "over"},
      {StreamShape::kChat, data(R"({"error":{"message":"no"}})"), "error"},
      {StreamShape::kChat, data(R"({"choices":[{"index":0,)"), "read"},
      {StreamShape::kText, choice(R"("text":"a","index":0,"logprobs":{"tokens":[]})"),
       "probabilities"},
      {StreamShape::kNative, data(R"({"content":"a","completion_probabilities":[{"a":1}]})"),
       "probabilities"},
      {StreamShape::kMessages,
       message(R"({"type":"content_block_start","index":1,"content_block":{"type":"tool_use"}})"),
       "tool call"},
      {StreamShape::kMessages,
       message(R"({"type":"content_block_delta","index":0,"delta":{"type":"thinking_delta"}})"),
       "reasoning"},
      {StreamShape::kMessages, message(R"({"type":"content_block_stop","index":0})"), "over"},
      {StreamShape::kMessages, message(R"({"type":"error","error":{}})"), "error"},
  };
  const std::string before[] = {"", chat(R"({"content":"a"})") + chat(R"({"content":"b"})")};
  for (const Row& row : rows) {
    for (const std::string& first : before) {
      if (!first.empty() && row.shape != StreamShape::kChat) continue;
      CAPTURE(row.event);
      const GeneratedText generated = read(row.shape, first + row.event);
      CHECK(generated.obstacle().find(row.obstacle) != std::string_view::npos);
    }
  }
}

TEST_CASE("the end is noticed whatever came before") {
  CHECK(read(StreamShape::kChat, chat(R"({"content":"a"})") + data("[DONE]")).done());
  CHECK(read(StreamShape::kChat, chat(R"({"tool_calls":[1]})") + data("[DONE]")).done());
  CHECK(read(StreamShape::kNative, data(R"({"content":"","stop":true})")).done());
  CHECK(read(StreamShape::kMessages, message(R"({"type":"message_stop"})")).done());
}

TEST_CASE("a text that grows beyond the limit is given up") {
  GeneratedText generated(StreamShape::kChat);
  const std::string event = chat(R"({"content":")" + std::string(1000, 'x') + "\"}");
  std::size_t size = 0;
  for (; generated.obstacle().empty(); size += 1000) generated.push(event);
  CHECK(size > GeneratedText::kMost);
  CHECK(size <= GeneratedText::kMost + 1000);
  CHECK(generated.text() == "");
}

TEST_CASE("a store gives back what it was given, whatever the pieces' sizes") {
  TextStore store;
  std::string expected;
  for (std::size_t i = 0; i < 300; ++i) {
    const std::string piece(i * 7 % 1000, static_cast<char>('a' + i % 26));
    store.append(piece);
    expected += piece;
  }
  CHECK(store.size() == expected.size());
  CHECK(store.text() == expected);
  store.clear();
  CHECK(store.text() == "");
  store.append("again");
  CHECK(store.text() == "again");
}
