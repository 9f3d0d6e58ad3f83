// SseReader gives the same events at every split, and the same as a plain reading of the whole text
// by the rules of the WHATWG's standard. Under a small limit the splits must agree too.
#include <cstdint>
#include <string>
#include <vector>

#include "base/check.h"
#include "fuzz/splits.h"
#include "http/sse.h"

using namespace corral;

namespace {

struct Event {
  std::string name;
  std::string data;
  bool operator==(const Event&) const = default;
};

struct Outcome {
  std::vector<Event> events;
  bool valid = true;
  bool operator==(const Outcome&) const = default;
};

Outcome read(const fuzz::Pieces& pieces, std::size_t limit) {
  http::SseReader reader(limit);
  Outcome outcome;
  for (const std::string_view piece : pieces) {
    const Result<void> pushed =
        reader.push(piece, [&](std::string_view name, std::string_view event) {
          outcome.events.push_back({std::string(name), std::string(event)});
        });
    outcome.valid = pushed.has_value();
    if (!outcome.valid) break;
  }
  return outcome;
}

// The lines that have an end.
std::vector<std::string> lines_of(std::string_view text) {
  std::vector<std::string> lines;
  std::string line;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '\r' && text[i] != '\n') {
      line += text[i];
      continue;
    }
    if (text[i] == '\r' && i + 1 < text.size() && text[i + 1] == '\n') ++i;
    lines.push_back(line);
    line.clear();
  }
  return lines;
}

std::vector<Event> plain_reading(std::string_view text) {
  if (text.starts_with("\xEF\xBB\xBF")) text.remove_prefix(3);
  std::vector<Event> events;
  std::string name;
  std::vector<std::string> data;
  for (const std::string& line : lines_of(text)) {
    if (line.empty()) {
      std::string joined;
      for (std::size_t i = 0; i < data.size(); ++i) joined += (i == 0 ? "" : "\n") + data[i];
      if (!data.empty()) events.push_back({name, joined});
      name.clear();
      data.clear();
      continue;
    }
    const std::size_t colon = line.find(':');
    std::string value = colon == std::string::npos ? "" : line.substr(colon + 1);
    if (!value.empty() && value[0] == ' ') value.erase(0, 1);
    const std::string field = line.substr(0, colon);
    if (field == "event") name = value;
    if (field == "data") data.push_back(value);
  }
  return events;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  constexpr std::size_t kAmple = 1024 * 1024;
  for (const std::size_t limit : {kAmple, std::size_t{16}}) {
    const Outcome whole = read({input}, limit);
    fuzz::for_every_split(input,
                          [&](const fuzz::Pieces& pieces) { CHECK(read(pieces, limit) == whole); });
    if (limit == kAmple) CHECK(whole.valid && whole.events == plain_reading(input));
  }
  return 0;
}
