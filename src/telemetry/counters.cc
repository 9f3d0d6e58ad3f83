#include "telemetry/counters.h"

#include <algorithm>
#include <array>
#include <charconv>

namespace corral::telemetry {
namespace {

double to_seconds(Duration duration) { return std::chrono::duration<double>(duration).count(); }

std::string number(double value) {
  std::array<char, 32> text;
  const auto end = std::to_chars(text.data(), text.data() + text.size(), value).ptr;
  return std::string(text.data(), end);
}

// A label's value: backslash, quote and newline are escaped, as the format asks.
std::string label(std::string_view name, std::string_view value) {
  std::string result = std::string(name) + "=\"";
  for (const char c : value) {
    if (c == '\n') {
      result += "\\n";
    } else {
      if (c == '"' || c == '\\') result += '\\';
      result += c;
    }
  }
  return result + '"';
}

void head(std::string& out, std::string_view name, std::string_view type, std::string_view help) {
  out.append("# HELP ").append(name).append(" ").append(help).append("\n# TYPE ");
  out.append(name).append(" ").append(type).append("\n");
}

void sample(std::string& out, std::string_view name, const std::string& labels,
            const std::string& value) {
  out.append(name).append("{").append(labels).append("} ").append(value).append("\n");
}

void histogram(std::string& out, std::string_view name, const std::string& labels,
               const Histogram& of) {
  const std::string bucket = std::string(name) + "_bucket";
  std::uint64_t total = 0;
  for (std::size_t i = 0; i < of.counts.size(); ++i) {
    total += of.counts[i];
    const std::string bound = i < kSecondsBounds.size() ? number(kSecondsBounds[i]) : "+Inf";
    sample(out, bucket, labels + "," + label("le", bound), std::to_string(total));
  }
  sample(out, std::string(name) + "_sum", labels, number(of.sum));
  sample(out, std::string(name) + "_count", labels, std::to_string(total));
}

}  // namespace

void Histogram::add(double seconds) {
  const auto bound = std::lower_bound(kSecondsBounds.begin(), kSecondsBounds.end(), seconds);
  ++counts[static_cast<std::size_t>(bound - kSecondsBounds.begin())];
  sum += seconds;
}

Counters::Model& Counters::of(std::string_view id) {
  const auto found = models_.find(id);
  if (found != models_.end()) return found->second;
  return models_.emplace(std::string(id), Model{}).first->second;
}

void Counters::record(const RequestRecord& record) {
  Model& model = of(record.model);
  ++model.by_status[record.status];
  model.prompt_tokens += record.usage.prompt_tokens;
  model.cached_tokens += record.usage.cached_tokens;
  model.generated_tokens += record.usage.generated_tokens;
  if (record.usage.generated_per_second > 0) model.last_speed = record.usage.generated_per_second;
  model.whole.add(to_seconds(record.whole));
  if (record.first_byte > Duration::zero()) model.first_byte.add(to_seconds(record.first_byte));
}

double Counters::last_speed(std::string_view model) const {
  const auto found = models_.find(model);
  return found == models_.end() ? 0 : found->second.last_speed;
}

std::string Counters::prometheus(const std::vector<ModelGauge>& gauges) const {
  std::string out;
  const auto each = [&](std::string_view name, std::string_view help, auto member) {
    head(out, name, "counter", help);
    for (const auto& [id, model] : models_) {
      if (!id.empty()) sample(out, name, label("model", id), std::to_string(model.*member));
    }
  };
  head(out, "corral_requests_total", "counter",
       "Requests that ended, by model and status; status 0: the client left before there was one.");
  for (const auto& [id, model] : models_) {
    for (const auto& [status, count] : model.by_status) {
      const std::string labels = label("model", id) + "," + label("status", std::to_string(status));
      sample(out, "corral_requests_total", labels, std::to_string(count));
    }
  }
  each("corral_prompt_tokens_total", "Tokens of prompts.", &Model::prompt_tokens);
  each("corral_cached_tokens_total", "Tokens of prompts that came from an engine's cache.",
       &Model::cached_tokens);
  each("corral_generated_tokens_total", "Tokens of replies.", &Model::generated_tokens);
  each("corral_requests_replayed_total", "Requests sent again after their engine ended.",
       &Model::replays);
  each("corral_streams_continued_total",
       "Times that a new engine went on with a stream whose engine had ended.",
       &Model::continuations);
  each("corral_replies_cut_total", "Replies that their engine did not finish.", &Model::cuts);
  each("corral_engine_starts_total", "Engines that became ready.", &Model::starts);
  each("corral_engine_failures_total", "Starts that failed and engines that ended unasked.",
       &Model::failures);

  head(out, "corral_request_seconds", "histogram", "From a request's head to its last byte.");
  for (const auto& [id, model] : models_) {
    if (!id.empty()) histogram(out, "corral_request_seconds", label("model", id), model.whole);
  }
  head(out, "corral_first_byte_seconds", "histogram",
       "From a request's head to the first byte of its reply.");
  for (const auto& [id, model] : models_) {
    if (!id.empty()) {
      histogram(out, "corral_first_byte_seconds", label("model", id), model.first_byte);
    }
  }

  head(out, "corral_requests_in_flight", "gauge", "Requests that an engine works on now.");
  for (const ModelGauge& gauge : gauges) {
    sample(out, "corral_requests_in_flight", label("model", gauge.id),
           std::to_string(gauge.in_flight));
  }
  head(out, "corral_requests_waiting", "gauge", "Requests that wait for an engine now.");
  for (const ModelGauge& gauge : gauges) {
    sample(out, "corral_requests_waiting", label("model", gauge.id), std::to_string(gauge.waiting));
  }
  head(out, "corral_engine_state", "gauge", "1 for the state that each engine is in.");
  for (const ModelGauge& gauge : gauges) {
    sample(out, "corral_engine_state", label("model", gauge.id) + "," + label("state", gauge.state),
           "1");
  }
  return out;
}

}  // namespace corral::telemetry
