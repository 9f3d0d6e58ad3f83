// GeneratedText keeps the same text whether events come at once or one by one; of events that
// nlohmann/json can read, the text that a walk over the documents finds. Splice gives the same at
// every split of the bytes that go on, and takes no event of a stream that had none.
//
// Out of the comparison with nlohmann/json: escapes, names that stand twice, and events with
// several texts, which no stream has that goes on.
#include <cstdint>
#include <nlohmann/json.hpp>
#include <set>
#include <string>
#include <vector>

#include "base/check.h"
#include "fuzz/splits.h"
#include "gateway/event_boundary.h"
#include "gateway/splice.h"

using namespace corral;
using namespace corral::gateway;
using Json = nlohmann::json;

namespace {

constexpr StreamShape kShapes[] = {StreamShape::kChat, StreamShape::kText, StreamShape::kNative,
                                   StreamShape::kMessages};

// Null if it cannot be read, or not in one way only.
Json document(std::string_view text) {
  std::vector<std::set<std::string>> names;
  bool plain = true;
  const auto look = [&](int, Json::parse_event_t event, Json& value) {
    if (event == Json::parse_event_t::object_start) names.emplace_back();
    if (event == Json::parse_event_t::object_end) names.pop_back();
    if (event == Json::parse_event_t::key) {
      plain = plain && names.back().insert(value.get<std::string>()).second;
    }
    return true;
  };
  plain = plain && text.find('\0') == std::string_view::npos && !text.starts_with('\xEF');
  Json json = Json::parse(text, look, false);
  return plain && json.is_object() ? json : Json();
}

void add_string(std::vector<std::string>& out, const Json& json, const char* name) {
  if (json.is_object() && json.contains(name) && json[name].is_string()) {
    out.push_back(json[name].get<std::string>());
  }
}

// The texts of one event, wherever its shape may have one.
std::vector<std::string> texts_of(StreamShape shape, const Json& json) {
  std::vector<std::string> texts;
  if (shape == StreamShape::kNative) {
    add_string(texts, json, "content");
  } else if (shape == StreamShape::kMessages) {
    for (const char* const part : {"delta", "content_block"}) {
      if (json.contains(part)) add_string(texts, json[part], "text");
    }
  } else if (json.contains("choices") && json["choices"].is_array()) {
    for (const Json& choice : json["choices"]) {
      if (choice.is_object() && choice.contains("delta")) {
        add_string(texts, choice["delta"], "content");
      }
      add_string(texts, choice, "text");
    }
  }
  return texts;
}

void check_splice(const GeneratedText& before, std::string_view events) {
  const auto through = [&](const fuzz::Pieces& pieces) {
    Splice splice(before);
    EventBoundary boundary;
    std::string out;
    for (const std::string_view piece : pieces) out += splice.push(boundary.push(piece));
    return out;
  };
  const std::string whole = through({events});
  fuzz::for_every_split(events,
                        [&](const fuzz::Pieces& pieces) { CHECK(through(pieces) == whole); });
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string input(reinterpret_cast<const char*>(data), size);
  for (const StreamShape shape : kShapes) {
    // Each line is the data of an event.
    std::string events;
    std::string text;
    bool comparable = input.find_first_of("\\\r") == std::string::npos;
    GeneratedText by_one(shape);
    std::string_view rest = input;
    while (!rest.empty()) {
      const std::string_view line = rest.substr(0, rest.find('\n'));
      rest.remove_prefix(std::min(line.size() + 1, rest.size()));
      const std::string event = "data: " + std::string(line) + "\n\n";
      const bool over = by_one.done();
      by_one.push(event);
      events += event;
      if (over || line == "[DONE]" || line.starts_with(R"({"type":"message_stop")")) continue;
      const Json json = document(line);
      if (json.is_null()) comparable = false;
      if (!comparable) continue;
      const std::vector<std::string> texts = texts_of(shape, json);
      comparable = texts.size() <= 1;
      for (const std::string& one : texts) text += one;
    }
    GeneratedText generated(shape);
    generated.push(events);
    CHECK(generated.text() == by_one.text() && generated.tokens() == by_one.tokens());
    CHECK(generated.obstacle() == by_one.obstacle() && generated.done() == by_one.done());
    if (comparable && generated.obstacle().empty()) CHECK(generated.text() == text);
    if (size <= 200) check_splice(generated, events);
  }
  return 0;
}
