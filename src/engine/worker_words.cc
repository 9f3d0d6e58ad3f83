#include "engine/worker_words.h"

#include <algorithm>
#include <nlohmann/json.hpp>

namespace corral::engine {
namespace {

using nlohmann::json;

constexpr std::string_view kStatePrefix = "cmd_child_to_router:state:";

std::string text_of(const json& object, const char* key) {
  const auto found = object.find(key);
  if (found == object.end() || !found->is_string()) return "";
  return found->get<std::string>();
}

// The stages come one after another, each with a value of its own from 0 to 1.
void read_progress(const json& payload, WorkerWord& word) {
  word.stage = text_of(payload, "current");
  if (word.stage.empty()) word.stage = text_of(payload, "stage");
  const auto value = payload.find("value");
  if (value == payload.end() || !value->is_number()) return;
  double done = std::clamp(value->get<double>(), 0.0, 1.0);
  const auto stages = payload.find("stages");
  if (stages != payload.end() && stages->is_array() && !stages->empty()) {
    const auto current = std::find(stages->begin(), stages->end(), json(word.stage));
    const auto before = current == stages->end() ? 0 : current - stages->begin();
    done = (static_cast<double>(before) + done) / static_cast<double>(stages->size());
  }
  word.progress = done;
}

}  // namespace

std::optional<WorkerWord> parse_worker_word(std::string_view line) {
  if (!line.starts_with(kStatePrefix)) return std::nullopt;
  const json said = json::parse(line.substr(kStatePrefix.size()), nullptr, false);
  if (!said.is_object()) return std::nullopt;
  const std::string state = text_of(said, "state");
  WorkerWord word;
  if (state == "ready") {
    word.kind = WorkerWord::Kind::kReady;
  } else if (state == "sleeping") {
    word.kind = WorkerWord::Kind::kSleeping;
  } else if (state == "loading") {
    const auto payload = said.find("payload");
    if (payload != said.end() && payload->is_object()) read_progress(*payload, word);
  } else {
    return std::nullopt;
  }
  return word;
}

WorkerOutput::Read WorkerOutput::push(std::string_view bytes) {
  Read read;
  while (!bytes.empty()) {
    const std::size_t newline = bytes.find('\n');
    const bool ended = newline != std::string_view::npos;
    const std::string_view piece = bytes.substr(0, newline);
    bytes.remove_prefix(ended ? newline + 1 : bytes.size());
    if (passing_) {
      read.text.append(piece);
    } else {
      line_.append(piece);
      if (line_.size() > kMaxLine) {
        read.text.append(line_);
        line_.clear();
        passing_ = true;
      }
    }
    if (!ended) continue;
    if (passing_) {
      read.text.push_back('\n');
    } else {
      take_line(read);
    }
    passing_ = false;
  }
  return read;
}

void WorkerOutput::take_line(Read& read) {
  if (std::optional<WorkerWord> word = parse_worker_word(line_)) {
    read.words.push_back(std::move(*word));
  } else if (!line_.empty() && !line_.starts_with(kStatePrefix)) {
    read.text.append(line_).push_back('\n');
  }
  line_.clear();
}

std::string WorkerOutput::finish() { return std::exchange(line_, {}); }

}  // namespace corral::engine
