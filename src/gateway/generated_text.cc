#include "gateway/generated_text.h"

#include <algorithm>

#include "base/strings.h"
#include "json/cursor.h"

namespace corral::gateway {
namespace {

constexpr std::size_t kMostFirst = 4096;

constexpr std::string_view kReasoning = "it had begun with its reasoning";
constexpr std::string_view kToolCall = "it had begun a tool call";
constexpr std::string_view kOtherParts = "it has parts other than text";
constexpr std::string_view kSeveral = "it has several choices";
constexpr std::string_view kProbabilities = "it has probabilities of tokens";
constexpr std::string_view kError = "it told an error";
constexpr std::string_view kUnreadable = "its events cannot be read";
constexpr std::string_view kTooLong = "it is longer than what is remembered";
constexpr std::string_view kEnded = "its text was over";

// A value that says that there is nothing.
bool is_nothing(std::string_view value) {
  return value == "null" || value == "\"\"" || value == "[]" || value == "{}";
}

std::string_view obstacle_of(std::string_view part) {
  if (part.starts_with("reasoning") || part.starts_with("thinking")) return kReasoning;
  if (part.starts_with("tool") || part.starts_with("function") || part.starts_with("input_json")) {
    return kToolCall;
  }
  return kOtherParts;
}

}  // namespace

std::string_view GeneratedText::obstacle() const {
  if (!obstacle_.empty()) return obstacle_;
  return ended_ ? kEnded : std::string_view();
}

void GeneratedText::give_up(std::string_view obstacle) {
  if (obstacle_.empty()) obstacle_ = obstacle;
  frame_.before_size = 0;
  store_.clear();
}

void GeneratedText::push(std::string_view events) {
  while (!events.empty() && !done_) {
    const std::size_t end = std::min(events.find('\n'), events.size());
    std::string_view line = events.substr(0, end);
    events.remove_prefix(std::min(end + 1, events.size()));
    if (!line.starts_with("data:")) continue;
    line.remove_prefix(line.starts_with("data: ") ? 6 : 5);
    if (line.ends_with('\r')) line.remove_suffix(1);
    take(line);
  }
}

void GeneratedText::take(std::string_view data) {
  if (take_like_before(data)) return;
  done_ = data == "[DONE]" || data.starts_with(R"({"type":"message_stop")");
  // After an obstacle only the stream's end is of interest.
  if (done_ || !obstacle_.empty()) return;
  if (!begun_ && data.size() <= kMostFirst &&
      (shape_ == StreamShape::kChat || shape_ == StreamShape::kText)) {
    first_ = data;
  }
  begun_ = true;
  walk(data);
}

bool GeneratedText::take_like_before(std::string_view data) {
  if (frame_.before_size == 0) return false;
  const std::string_view before(frame_.before.data(), frame_.before_size);
  const std::string_view after(frame_.after.data(), frame_.after_size);
  if (!data.starts_with(before)) return false;
  data.remove_prefix(before.size());
  std::size_t size = 0;
  while (size < data.size() && data[size] != '"') size += data[size] == '\\' ? 2 : 1;
  if (size >= data.size() || !data.substr(size + 1).starts_with(after)) return false;
  add(data.substr(0, size));
  return true;
}

void GeneratedText::walk(std::string_view data) {
  json::Cursor cursor(data);
  std::string_view text;
  if (shape_ == StreamShape::kNative) {
    walk_native(cursor, text);
  } else if (shape_ == StreamShape::kMessages) {
    walk_message(cursor, text);
  } else {
    walk_chunk(cursor, text);
  }
  if (cursor.failed()) give_up(kUnreadable);
  if (text.data() == nullptr || text.empty()) return;
  add(text);
  if (obstacle_.empty() && !ended_) learn(data, text, cursor.at());
}

// Stops behind the choices, since what follows them changes from event to event.
void GeneratedText::walk_chunk(json::Cursor& cursor, std::string_view& text) {
  cursor.object([&](std::string_view name) {
    if (name == "error") give_up(kError);
    if (name != "choices") return cursor.skip();
    cursor.array([&] {
      return cursor.object(
          [&](std::string_view field) { return choice_field(cursor, field, text); });
    });
    return false;
  });
}

bool GeneratedText::choice_field(json::Cursor& cursor, std::string_view name,
                                 std::string_view& text) {
  if (name == "delta" && cursor.peek() == '{') {
    return cursor.object([&](std::string_view field) { return delta_field(cursor, field, text); });
  }
  if (name == "text" && cursor.peek() == '"') return cursor.string(text);
  std::string_view value;
  if (!cursor.value(value)) return false;
  if (name == "index" && value != "0") give_up(kSeveral);
  if (name == "logprobs" && !is_nothing(value)) give_up(kProbabilities);
  if (name == "finish_reason" && !is_nothing(value)) ended_ = true;
  return true;
}

bool GeneratedText::delta_field(json::Cursor& cursor, std::string_view name,
                                std::string_view& text) {
  if (name == "content" && cursor.peek() == '"') return cursor.string(text);
  std::string_view value;
  if (!cursor.value(value)) return false;
  if (name != "role" && !is_nothing(value)) give_up(obstacle_of(name));
  return true;
}

void GeneratedText::walk_native(json::Cursor& cursor, std::string_view& text) {
  cursor.object([&](std::string_view name) {
    if (name == "content" && cursor.peek() == '"') return cursor.string(text);
    std::string_view value;
    if (!cursor.value(value)) return false;
    if (name == "error") give_up(kError);
    if (name == "index" && value != "0") give_up(kSeveral);
    if (name == "completion_probabilities" && !is_nothing(value)) give_up(kProbabilities);
    if (name == "stop" && value == "true") ended_ = done_ = true;
    return true;
  });
}

void GeneratedText::walk_message(json::Cursor& cursor, std::string_view& text) {
  std::string_view type;
  std::string_view index;
  std::string_view part;  // the type of the delta, or of the block that begins
  cursor.object([&](std::string_view name) {
    if (name == "type") return cursor.string(type);
    if (name == "index") return cursor.value(index);
    if (name != "delta" && name != "content_block") return cursor.skip();
    return cursor.object([&](std::string_view field) {
      if (field == "type") return cursor.string(part);
      if (field == "text" && cursor.peek() == '"') return cursor.string(text);
      return cursor.skip();
    });
  });
  if (type == "content_block_start") begin_block(part, index);
  if (type == "content_block_delta" && part != "text_delta") give_up(obstacle_of(part));
  // A tool call, or nothing, may follow a block that is whole: no engine can be asked for that.
  if (type == "content_block_stop" || type == "message_delta") ended_ = true;
  if (type == "content_block_stop") open_block_ = -1;
  if (type == "error") give_up(kError);
}

void GeneratedText::begin_block(std::string_view type, std::string_view index) {
  if (type != "text") give_up(obstacle_of(type));
  open_block_ = static_cast<int>(std::min<std::uint64_t>(parse_u64(index).value_or(0), 1000));
  ended_ = false;
}

void GeneratedText::add(std::string_view text) {
  ++tokens_;
  if (!obstacle_.empty()) return;
  if (store_.size() + text.size() > kMost) {
    give_up(kTooLong);
    return;
  }
  store_.append(text);
}

// `end`: how far the event has been looked at.
void GeneratedText::learn(std::string_view data, std::string_view text, std::size_t end) {
  const auto begin = static_cast<std::size_t>(text.data() - data.data());
  const std::size_t behind = begin + text.size() + 1;
  frame_.before_size = 0;
  if (begin > frame_.before.size() || end < behind || end - behind > frame_.after.size()) return;
  frame_.before_size = begin;
  frame_.after_size = end - behind;
  data.copy(frame_.before.data(), begin);
  data.copy(frame_.after.data(), frame_.after_size, behind);
}

}  // namespace corral::gateway
