#include "gateway/splice.h"

#include <algorithm>
#include <nlohmann/json.hpp>

namespace corral::gateway {
namespace {

using Json = nlohmann::ordered_json;

Json parse(std::string_view text) { return Json::parse(text, nullptr, false); }

std::string dump(const Json& json) {
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

std::string decoded(const std::string& text) {
  const Json json = parse("\"" + text + "\"");
  return json.is_string() ? json.get<std::string>() : std::string();
}

// An event's line of data, and its name. `data` is empty if there is none, or several.
struct Lines {
  std::string_view name;
  std::string_view data;
};

Lines lines_of(std::string_view event) {
  Lines lines;
  while (!event.empty()) {
    const std::size_t end = std::min(event.find('\n'), event.size());
    std::string_view line = event.substr(0, end);
    event.remove_prefix(std::min(end + 1, event.size()));
    if (line.ends_with('\r')) line.remove_suffix(1);
    const auto value = [&](std::string_view field) {
      std::string_view text = line.substr(field.size());
      if (text.starts_with(' ')) text.remove_prefix(1);
      return text;
    };
    if (line.starts_with("event:")) lines.name = value("event:");
    if (!line.starts_with("data:")) continue;
    if (!lines.data.empty()) return {};
    lines.data = value("data:");
  }
  return lines;
}

// The length of the first of whole events, its empty line included.
std::size_t first_event(std::string_view events) {
  std::size_t at = 0;
  while (true) {
    const std::size_t end = events.find('\n', at);
    if (end == std::string_view::npos) return events.size();
    const std::string_view line = events.substr(at, end - at);
    at = end + 1;
    if (line.empty() || line == "\r") return at;
  }
}

void add(Json& object, const char* name, std::uint64_t count) {
  const auto found = object.find(name);
  if (found == object.end() || !found->is_number_unsigned()) return;
  *found = found->get<std::uint64_t>() + count;
}

void subtract(Json& object, const char* name, std::uint64_t count) {
  const auto found = object.find(name);
  if (found == object.end() || !found->is_number_unsigned()) return;
  const auto value = found->get<std::uint64_t>();
  *found = value - std::min(value, count);
}

// What was generated before is no part of the prompt that the client sent. Totals stay.
void correct_usage(Json& object, std::uint64_t tokens) {
  const auto usage = object.find("usage");
  if (usage == object.end() || !usage->is_object()) return;
  add(*usage, "completion_tokens", tokens);
  add(*usage, "output_tokens", tokens);
  subtract(*usage, "prompt_tokens", tokens);
  subtract(*usage, "input_tokens", tokens);
}

std::string text_at(const Json& object, const char* name) {
  const auto found = object.find(name);
  return found != object.end() && found->is_string() ? found->get<std::string>() : std::string();
}

bool is_nothing(const Json& value) {
  return value.is_null() || (value.is_string() && value.get_ref<const std::string&>().empty());
}

std::string event_of(std::string_view name, const Json& data) {
  std::string event;
  if (!name.empty()) event.append("event: ").append(name).append("\n");
  return event.append("data: ").append(dump(data)).append("\n\n");
}

}  // namespace

// Only Anthropic's API has no word for an engine not to say the text again.
Splice::Splice(const GeneratedText& before)
    : shape_(before.shape()),
      begun_(before.begun()),
      tokens_(before.tokens()),
      text_(decoded(before.text())),
      first_(before.first()),
      echo_(shape_ == StreamShape::kMessages ? text_ : std::string()),
      open_block_(before.open_block()) {}

std::string_view Splice::push(std::string_view events) {
  out_.clear();
  while (!events.empty()) {
    const std::size_t size = first_event(events);
    take(events.substr(0, size));
    events.remove_prefix(size);
  }
  return out_;
}

void Splice::take(std::string_view event) {
  const Lines lines = lines_of(event);
  Json data = lines.data.empty() ? Json() : parse(lines.data);
  if (!data.is_object()) {
    out_.append(event);
  } else if (rewrite(data)) {
    put(lines.name, data);
  }
}

void Splice::put(std::string_view name, const Json& data) { out_.append(event_of(name, data)); }

// False if the client shall not have the event.
bool Splice::rewrite(Json& data) {
  switch (shape_) {
    case StreamShape::kChat:
    case StreamShape::kText: return rewrite_chunk(data);
    case StreamShape::kNative: return rewrite_native(data);
    case StreamShape::kMessages: return rewrite_message(data);
    case StreamShape::kOther: return true;
  }
  return true;
}

bool Splice::rewrite_chunk(Json& data) {
  const Json first = parse(first_);
  for (const char* const name : {"id", "created", "model", "system_fingerprint"}) {
    if (first.is_object() && first.contains(name) && data.contains(name)) data[name] = first[name];
  }
  correct_usage(data, tokens_);
  const auto choices = data.find("choices");
  if (!begun_ || choices == data.end() || !choices->is_array() || choices->size() != 1) return true;
  Json& choice = choices->front();
  if (!choice.is_object() || !choice.contains("delta") || !choice["delta"].is_object()) return true;
  Json& delta = choice["delta"];
  if (delta.erase("role") == 0) return true;
  if (delta.contains("content") && is_nothing(delta["content"])) delta.erase("content");
  const bool over = choice.contains("finish_reason") && !choice["finish_reason"].is_null();
  return !delta.empty() || over;
}

bool Splice::rewrite_native(Json& data) {
  add(data, "tokens_predicted", tokens_);
  subtract(data, "tokens_evaluated", tokens_);
  const std::string prompt = text_at(data, "prompt");
  if (prompt.ends_with(text_)) data["prompt"] = prompt.substr(0, prompt.size() - text_.size());
  return true;
}

bool Splice::rewrite_message(Json& data) {
  const std::string type = text_at(data, "type");
  if (type == "message_start") return !begun_;
  correct_usage(data, tokens_);
  if (type == "content_block_start") return begin_block(data);
  // An engine that had nothing more to say has begun no block, so the client's is still open.
  if (type == "message_delta" && open_block_ >= 0) {
    put("content_block_stop", Json{{"type", "content_block_stop"}, {"index", open_block_}});
    open_block_ = -1;
  }
  const auto index = data.find("index");
  if (index != data.end() && index->is_number_integer()) *index = index->get<int>() + shift_;
  if (type != "content_block_delta" || !data.contains("delta")) return true;
  Json& delta = data["delta"];
  if (!delta.is_object() || text_at(delta, "type") != "text_delta") return true;
  std::string text = text_at(delta, "text");
  take_echo(text);
  delta["text"] = text;
  return !text.empty();
}

// The engine's first block of text is the one that the client has open.
bool Splice::begin_block(Json& data) {
  const auto index = data.find("index");
  const int theirs = index != data.end() && index->is_number_integer() ? index->get<int>() : 0;
  const bool is_text =
      data.contains("content_block") && text_at(data["content_block"], "type") == "text";
  if (open_block_ >= 0 && is_text) {
    shift_ = open_block_ - theirs;
    open_block_ = -1;
    return false;
  }
  data["index"] = theirs + shift_;
  return true;
}

// Takes from `text` what the client has already. Should the engine not repeat the text after all,
// what has been held back is put in front again.
void Splice::take_echo(std::string& text) {
  if (echo_.empty()) return;
  const std::size_t size = std::min(text.size(), echo_.size());
  if (text.compare(0, size, echo_, 0, size) != 0) {
    text.insert(0, held_);
    echo_.clear();
    return;
  }
  held_.append(text, 0, size);
  echo_.erase(0, size);
  text.erase(0, size);
}

std::string end_at_limit(const GeneratedText& generated) {
  const std::uint64_t tokens = generated.tokens();
  if (generated.shape() == StreamShape::kNative) {
    return event_of("", Json{{"index", 0},
                             {"content", ""},
                             {"tokens", Json::array()},
                             {"stop", true},
                             {"stop_type", "limit"},
                             {"tokens_predicted", tokens}});
  }
  if (generated.shape() == StreamShape::kMessages) {
    std::string end;
    if (generated.open_block() >= 0) {
      end = event_of("content_block_stop",
                     Json{{"type", "content_block_stop"}, {"index", generated.open_block()}});
    }
    end += event_of("message_delta",
                    Json{{"type", "message_delta"},
                         {"delta", {{"stop_reason", "max_tokens"}, {"stop_sequence", nullptr}}},
                         {"usage", {{"output_tokens", tokens}}}});
    return end + event_of("message_stop", Json{{"type", "message_stop"}});
  }
  Json chunk = parse(generated.first());
  if (!chunk.is_object()) chunk = Json::object();
  for (const char* const name : {"usage", "timings", "prompt_progress"}) chunk.erase(name);
  Json choice{{"finish_reason", "length"}, {"index", 0}};
  if (generated.shape() == StreamShape::kChat) {
    choice["delta"] = Json::object();
  } else {
    choice["text"] = "";
  }
  chunk["choices"] = Json::array({choice});
  return event_of("", chunk) + "data: [DONE]\n\n";
}

}  // namespace corral::gateway
