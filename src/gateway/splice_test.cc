#include "gateway/splice.h"

#include <doctest/doctest.h>

#include <nlohmann/json.hpp>
#include <vector>

#include "gateway/event_boundary.h"

using namespace corral::gateway;

namespace {

std::string data(const std::string& json) { return "data: " + json + "\n\n"; }

std::string chat(const std::string& id, const std::string& choices, const std::string& more = "") {
  return data("{\"choices\":[" + choices + "],\"created\":" + id + ",\"id\":\"id" + id +
              "\",\"model\":\"m" + id + "\"" + more + "}");
}

std::string delta(const std::string& delta, const std::string& reason = "null") {
  return R"({"finish_reason":)" + reason + R"(,"index":0,"delta":)" + delta + "}";
}

std::string named(const std::string& type, const std::string& more) {
  return "event: " + type + "\ndata: {\"type\":\"" + type + "\"" + more + "}\n\n";
}

std::string text_delta(int index, const std::string& text) {
  return named("content_block_delta", ",\"index\":" + std::to_string(index) +
                                          R"(,"delta":{"type":"text_delta","text":")" + text +
                                          "\"}");
}

std::string begin_text(int index) {
  return named("content_block_start", ",\"index\":" + std::to_string(index) +
                                          R"(,"content_block":{"type":"text","text":""})");
}

const std::string kMessageStart =
    named("message_start", R"(,"message":{"id":"a","content":[],"usage":{"input_tokens":3}})");

// What the client gets of `second` after it has got `first`, the same at every split of `second`.
std::string spliced(StreamShape shape, const std::string& first, const std::string& second) {
  GeneratedText before(shape);
  before.push(first);
  const auto through = [&](const std::vector<std::string_view>& pieces) {
    Splice splice(before);
    EventBoundary boundary;
    std::string out;
    for (const std::string_view piece : pieces) out += splice.push(boundary.push(piece));
    CHECK(boundary.rest() == "");
    return out;
  };
  const std::string whole = through({second});
  std::vector<std::string_view> bytes;
  for (std::size_t cut = 0; cut < second.size(); ++cut) {
    const std::string_view view = second;
    CHECK(through({view.substr(0, cut), view.substr(cut)}) == whole);
    bytes.push_back(view.substr(cut, 1));
  }
  CHECK(through(bytes) == whole);
  return whole;
}

}  // namespace

TEST_CASE("a chat goes on under its own id, with one role and the usage of both parts") {
  const std::string first = chat("1", delta(R"({"role":"assistant","content":null})")) +
                            chat("1", delta(R"({"content":"a"})")) +
                            chat("1", delta(R"({"content":"b"})"));
  const std::string second =
      ":\n\n" + chat("2", delta(R"({"role":"assistant","content":null})")) +
      chat("2", delta(R"({"content":"c"})")) + chat("2", delta("{}", "\"stop\"")) +
      chat("2", "", R"(,"usage":{"completion_tokens":1,"prompt_tokens":9,"total_tokens":10})") +
      data("[DONE]");
  CHECK(
      spliced(StreamShape::kChat, first, second) ==
      ":\n\n" + chat("1", delta(R"({"content":"c"})")) + chat("1", delta("{}", "\"stop\"")) +
          chat("1", "", R"(,"usage":{"completion_tokens":3,"prompt_tokens":7,"total_tokens":10})") +
          data("[DONE]"));
}

TEST_CASE("a role that comes with text is taken from it") {
  const std::string first = chat("1", delta(R"({"role":"assistant","content":""})"));
  CHECK(spliced(StreamShape::kChat, first,
                chat("2", delta(R"({"role":"assistant","content":"a"})"))) ==
        chat("1", delta(R"({"content":"a"})")));
}

TEST_CASE("of a stream that had no event yet nothing is taken") {
  const std::string second = chat("2", delta(R"({"role":"assistant","content":null})"));
  CHECK(spliced(StreamShape::kChat, ": waiting\n\n", second) == second);
}

TEST_CASE("llama-server's own stream counts on, and tells the prompt that was sent") {
  const std::string first = data(R"({"index":0,"content":"a\n","stop":false})");
  const std::string second =
      data(R"({"content":"b","stop":false,"tokens_predicted":1,"tokens_evaluated":5})") +
      data(
          R"({"content":"","stop":true,"tokens_predicted":1,"tokens_evaluated":5,"prompt":"pa\n"})");
  CHECK(
      spliced(StreamShape::kNative, first, second) ==
      data(R"({"content":"b","stop":false,"tokens_predicted":2,"tokens_evaluated":4})") +
          data(
              R"({"content":"","stop":true,"tokens_predicted":2,"tokens_evaluated":4,"prompt":"p"})"));
}

TEST_CASE("a message goes on in its block, without its text again") {
  const std::string first =
      kMessageStart + begin_text(1) + text_delta(1, "a\\\"") + text_delta(1, "b");
  const std::string end =
      named("message_delta", R"(,"delta":{"stop_reason":"end_turn"},"usage":{"output_tokens":1})") +
      named("message_stop", "");
  const std::string expected_end =
      named("content_block_stop", ",\"index\":1") +
      named("message_delta", R"(,"delta":{"stop_reason":"end_turn"},"usage":{"output_tokens":3})") +
      named("message_stop", "");
  const std::string stop = named("content_block_stop", ",\"index\":0");
  const std::string begin = kMessageStart + begin_text(0);

  // In one event with the new text, in several, and not at all.
  CHECK(spliced(StreamShape::kMessages, first, begin + text_delta(0, "a\\\"bc") + stop + end) ==
        text_delta(1, "c") + expected_end);
  CHECK(spliced(StreamShape::kMessages, first,
                begin + text_delta(0, "a") + text_delta(0, "\\\"b") + text_delta(0, "c") + stop +
                    end) == text_delta(1, "c") + expected_end);
  CHECK(spliced(StreamShape::kMessages, first,
                begin + text_delta(0, "a") + text_delta(0, "c") + stop + end) ==
        text_delta(1, "ac") + expected_end);
  // An engine that has nothing more to say.
  CHECK(spliced(StreamShape::kMessages, first, kMessageStart + end) == expected_end);
}

TEST_CASE("what cannot be read passes as it is") {
  const std::string first = chat("1", delta(R"({"content":"a"})"));
  const std::string second = "data: {broken\n\nevent: x\ndata: 1\ndata: 2\n\nretry: 5\r\n\r\n";
  CHECK(spliced(StreamShape::kChat, first, second) == second);
}

TEST_CASE("a stream that has all its tokens is ended in its own shape") {
  GeneratedText chat_text(StreamShape::kChat);
  chat_text.push(chat("1", delta(R"({"content":"a"})"), R"(,"timings":{}})"));
  CHECK(end_at_limit(chat_text).find(R"("finish_reason":"length")") != std::string::npos);
  CHECK(end_at_limit(chat_text).ends_with("data: [DONE]\n\n"));
  GeneratedText message(StreamShape::kMessages);
  message.push(kMessageStart + begin_text(0) + text_delta(0, "a"));
  CHECK(end_at_limit(message) ==
        named("content_block_stop", ",\"index\":0") +
            named("message_delta", R"(,"delta":{"stop_reason":"max_tokens","stop_sequence":null},)"
                                   R"("usage":{"output_tokens":1})") +
            named("message_stop", ""));
}
