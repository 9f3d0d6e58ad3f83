#include "gateway/usage_reader.h"

#include <nlohmann/json.hpp>

namespace corral::gateway {
namespace {

using Json = nlohmann::json;

constexpr std::size_t kLongestLine = 64 * 1024;

// The object at `path`, or null. Numbers of the wrong type are not there.
const Json& at(const Json& json, const char* key) {
  static const Json kNothing;
  if (!json.is_object()) return kNothing;
  const auto found = json.find(key);
  return found == json.end() ? kNothing : *found;
}

void take(std::uint64_t& out, const Json& value) {
  if (value.is_number_unsigned()) out = value.get<std::uint64_t>();
}

void take(double& out, const Json& value) {
  if (value.is_number()) out = value.get<double>();
}

void take_usage(telemetry::Usage& out, const Json& usage) {
  if (!usage.is_object()) return;
  out.known = true;
  take(out.prompt_tokens, at(usage, "prompt_tokens"));
  take(out.prompt_tokens, at(usage, "input_tokens"));
  take(out.generated_tokens, at(usage, "completion_tokens"));
  take(out.generated_tokens, at(usage, "output_tokens"));
  take(out.cached_tokens, at(at(usage, "prompt_tokens_details"), "cached_tokens"));
  take(out.cached_tokens, at(at(usage, "input_tokens_details"), "cached_tokens"));
  take(out.cached_tokens, at(usage, "cache_read_input_tokens"));
}

// llama-server's own count: `prompt_n` leaves out what came from the cache.
void take_timings(telemetry::Usage& out, const Json& timings) {
  if (!timings.is_object()) return;
  out.known = true;
  std::uint64_t processed = 0;
  take(processed, at(timings, "prompt_n"));
  take(out.cached_tokens, at(timings, "cache_n"));
  take(out.generated_tokens, at(timings, "predicted_n"));
  take(out.prompt_per_second, at(timings, "prompt_per_second"));
  take(out.generated_per_second, at(timings, "predicted_per_second"));
  if (processed + out.cached_tokens > 0) out.prompt_tokens = processed + out.cached_tokens;
}

// Whether `key`, with its quotes, has an object for its value: many servers send "usage":null with
// every event.
bool has_object(std::string_view text, std::string_view key) {
  for (std::size_t at = text.find(key); at != std::string_view::npos; at = text.find(key, at)) {
    at += key.size();
    const std::size_t value = text.find_first_not_of(" \t:", at);
    if (value != std::string_view::npos && text[value] == '{') return true;
  }
  return false;
}

}  // namespace

UsageReader::Kind UsageReader::kind_of(std::string_view content_type) {
  if (content_type.starts_with("text/event-stream")) return Kind::kStream;
  if (content_type.starts_with("application/json")) return Kind::kDocument;
  return Kind::kNone;
}

UsageReader::UsageReader(Kind kind) : kind_(kind), document_({"usage", "timings"}) {}

void UsageReader::push(std::string_view bytes) {
  if (kind_ == Kind::kStream) push_stream(bytes);
  if (kind_ == Kind::kDocument && document_ok_) document_ok_ = document_.push(bytes).has_value();
}

void UsageReader::push_stream(std::string_view bytes) {
  while (!bytes.empty()) {
    const std::size_t end = bytes.find('\n');
    const bool whole = end != std::string_view::npos;
    const std::string_view piece = bytes.substr(0, whole ? end : bytes.size());
    bytes.remove_prefix(whole ? end + 1 : bytes.size());
    if (whole && partial_.empty() && !skipping_) {
      line(piece);
      continue;
    }
    if (partial_.size() + piece.size() > kLongestLine) skipping_ = true;
    if (!skipping_) partial_.append(piece);
    if (!whole) continue;
    if (!skipping_) line(partial_);
    partial_.clear();
    skipping_ = false;
  }
}

// Nearly no event tells usage, so looking for it comes before parsing.
void UsageReader::line(std::string_view text) {
  if (!text.starts_with("data:")) return;
  if (!has_object(text, "\"usage\"") && !has_object(text, "\"timings\"")) return;
  const Json event = Json::parse(text.substr(5), nullptr, false);
  if (event.is_discarded()) return;
  take_usage(usage_, at(event, "usage"));
  take_usage(usage_, at(at(event, "response"), "usage"));
  take_usage(usage_, at(at(event, "message"), "usage"));
  take_timings(usage_, at(event, "timings"));
}

telemetry::Usage UsageReader::usage() {
  if (kind_ == Kind::kDocument) {
    take_usage(usage_, Json::parse(document_.field("usage")->value, nullptr, false));
    take_timings(usage_, Json::parse(document_.field("timings")->value, nullptr, false));
  }
  return usage_;
}

}  // namespace corral::gateway
