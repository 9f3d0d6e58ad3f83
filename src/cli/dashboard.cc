#include "cli/dashboard.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <nlohmann/json.hpp>

#include "base/strings.h"
#include "base/timestamp.h"
#include "cli/json_fields.h"
#include "cli/model_sample.h"

namespace corral::cli {
namespace {

using Json = nlohmann::json;

// A service has as many as its config; another program may send anything.
constexpr std::size_t kMostRows = 10'000;

const Json& member(const Json& object, const char* key) {
  static const Json kNothing;
  if (!object.is_object()) return kNothing;
  const auto found = object.find(key);
  return found == object.end() ? kNothing : *found;
}

std::optional<double> amount(const Json& object, const char* key) {
  const Json& value = member(object, key);
  if (!value.is_number()) return std::nullopt;
  const double number = value.get<double>();
  constexpr double kMost = 9e15;  // whole numbers are exact up to there
  if (!std::isfinite(number) || number < 0 || number > kMost) return std::nullopt;
  return number;
}

std::optional<std::uint64_t> whole(const Json& object, const char* key) {
  const std::optional<double> number = amount(object, key);
  if (!number) return std::nullopt;
  return static_cast<std::uint64_t>(*number);
}

// A point of the calendar as one of our clock.
std::optional<Instant> instant(const Json& object, const char* key, Moment moment) {
  const auto time = parse_rfc3339(text_of(object, key));
  if (!time) return std::nullopt;
  // Beyond a year it is the clocks that disagree, and the steady one might not reach there.
  constexpr std::chrono::hours kMost(24 * 365);
  const auto ahead =
      std::clamp<std::chrono::system_clock::duration>(*time - moment.wall, -kMost, kMost);
  return moment.now + std::chrono::duration_cast<Duration>(ahead);
}

std::optional<Instant> before_now(std::optional<double> seconds_ago, Moment moment) {
  constexpr double kMost = 10.0 * 365 * 24 * 3600;
  if (!seconds_ago) return std::nullopt;
  const std::chrono::duration<double> age(std::min(*seconds_ago, kMost));
  return moment.now - std::chrono::duration_cast<Duration>(age);
}

// Times are told in whole seconds, and by a clock that may be set: a time that is told again stays
// where it was, so that what is shown of it does not flicker.
std::optional<Instant> settled(std::optional<Instant> before, std::optional<Instant> now) {
  const bool same = before && now && std::chrono::abs(*now - *before) <= seconds(1);
  return same ? before : now;
}

std::string exit_text(const Json& exit) {
  if (!exit.is_object()) return "";
  const std::string signal = text_of(exit, "signal");
  std::string text =
      signal.empty()
          ? "status " + std::to_string(static_cast<std::int64_t>(number_of(exit, "code")))
          : signal;
  const std::string cause = text_of(exit, "cause");
  return cause.empty() ? text : text + ", " + cause;
}

}  // namespace

void Dashboard::connected(std::string url) {
  url_ = std::move(url);
  connected_ = true;
  problem_.clear();
}

void Dashboard::lost(std::string problem) {
  connected_ = false;
  problem_ = std::move(problem);
  requests_.clear();
}

const ModelRow* Dashboard::find_model(std::string_view id) const {
  const auto found = std::ranges::find(models_, id, &ModelRow::id);
  return found == models_.end() ? nullptr : &*found;
}

const RequestRow* Dashboard::find_request(std::uint64_t id) const {
  const auto found = std::ranges::find(requests_, id, &RequestRow::id);
  return found == requests_.end() ? nullptr : &*found;
}

ModelRow& Dashboard::row_of(const std::string& id) {
  const auto found = std::ranges::find(models_, id, &ModelRow::id);
  if (found != models_.end()) return *found;
  models_.push_back(ModelRow{.id = id});
  return models_.back();
}

void Dashboard::order_models(const std::vector<std::string>& ids) {
  std::vector<ModelRow> ordered;
  for (const std::string& id : ids) {
    if (!id.empty() && ordered.size() < kMostRows) ordered.push_back(std::move(row_of(id)));
  }
  models_ = std::move(ordered);
}

bool Dashboard::take_event(std::string_view data, Moment moment) {
  const Json event = Json::parse(data, nullptr, false);
  const std::string type = text_of(event, "type");
  if (type.empty()) return false;
  if (type == "logData") return true;  // not shown here
  const Json inner = Json::parse(text_of(event, "data"), nullptr, false);
  if (type == "status") take_model(inner, moment);
  if (type == "inflight") take_requests(inner, moment);
  if (type == "modelStatus" && inner.is_array()) {
    std::vector<std::string> ids;
    for (const Json& model : inner) ids.push_back(text_of(model, "id"));
    order_models(ids);
  }
  return true;
}

bool Dashboard::take_status(std::string_view body, Moment moment) {
  const Json json = Json::parse(body, nullptr, false);
  const Json& list = member(json, "models");
  if (!list.is_array()) return false;
  std::vector<std::string> ids;
  for (const Json& model : list) ids.push_back(text_of(model, "model"));
  order_models(ids);
  for (const Json& model : list) take_model(model, moment);
  suspended_ = is_true(json, "suspended");
  return true;
}

bool Dashboard::take_request_list(std::string_view body, Moment moment) {
  Json json = Json::parse(body, nullptr, false);
  if (!member(json, "requests").is_array()) return false;
  json["operation"] = "snapshot";
  take_requests(json, moment);
  return true;
}

void Dashboard::take_metrics(std::string_view body, Instant now) {
  struct Totals {
    std::uint64_t prompt = 0;
    std::uint64_t generated = 0;
  };
  // A model that has had no request yet is not in the text: its counters are 0.
  std::map<std::string, Totals> totals;
  for (const std::string_view line : split(body, '\n')) {
    const std::optional<ModelSample> sample = read_model_sample(line);
    if (!sample) continue;
    if (sample->name == "corral_prompt_tokens_total") totals[sample->model].prompt = sample->value;
    if (sample->name == "corral_generated_tokens_total")
      totals[sample->model].generated = sample->value;
  }
  for (ModelRow& row : models_) {
    row.prompt_tokens.add(now, totals[row.id].prompt);
    row.generated_tokens.add(now, totals[row.id].generated);
  }
}

void Dashboard::take_model(const Json& status, Moment moment) {
  const std::string id = text_of(status, "model");
  if (id.empty() || (models_.size() >= kMostRows && find_model(id) == nullptr)) return;
  ModelRow& row = row_of(id);
  row.state = text_of(status, "state", "?");
  row.health = text_of(status, "health", "unknown");
  row.progress = std::min(amount(status, "progress").value_or(0), 1.0);
  row.stage = text_of(status, "stage");
  row.pid = whole(status, "pid");
  row.ready_since = settled(row.ready_since, before_now(amount(status, "uptime_s"), moment));
  row.restarts = whole(status, "restarts").value_or(0);
  row.stop_reason = text_of(status, "stop_reason");
  row.last_exit = exit_text(member(status, "last_exit"));
  const Json& error = member(status, "last_error");
  std::optional<Instant> error_at;
  if (row.last_error) error_at = row.last_error->at;
  row.last_error.reset();
  if (error.is_object()) {
    error_at = settled(error_at, instant(error, "at", moment).value_or(moment.now));
    row.last_error = {.message = text_of(error, "message"),
                      .hint = text_of(error, "hint"),
                      .output = text_of(error, "output"),
                      .at = *error_at};
  }
  row.retry_at = settled(row.retry_at, instant(status, "retry_at", moment));
  row.memory_bytes = whole(status, "memory_bytes");
  row.in_flight = whole(status, "in_flight").value_or(0);
  row.waiting = whole(status, "waiting").value_or(0);
  row.tokens_per_second = amount(status, "tokens_per_second");
}

void Dashboard::take_requests(const Json& change, Moment moment) {
  const std::string operation = text_of(change, "operation");
  if (operation == "upsert") take_request(member(change, "request"), moment);
  if (operation == "remove") {
    const std::optional<std::uint64_t> id = whole(change, "id");
    std::erase_if(requests_, [&](const RequestRow& row) { return id && row.id == *id; });
  }
  const Json& list = member(change, "requests");
  if (operation != "snapshot" || !list.is_array()) return;
  std::vector<RequestRow> before = std::move(requests_);
  requests_.clear();
  for (const Json& request : list) {
    const std::optional<std::uint64_t> id = whole(request, "id");
    const auto known = std::ranges::find(before, id.value_or(0), &RequestRow::id);
    if (known != before.end()) requests_.push_back(*known);
    take_request(request, moment);
  }
}

void Dashboard::take_request(const Json& request, Moment moment) {
  const std::optional<std::uint64_t> id = whole(request, "id");
  if (!id) return;
  auto found = std::ranges::find(requests_, *id, &RequestRow::id);
  if (found == requests_.end()) {
    if (requests_.size() >= kMostRows) return;
    const double elapsed = amount(request, "elapsed_ms").value_or(0) / 1000;
    requests_.push_back({.id = *id,
                         .model = text_of(request, "model"),
                         .path = text_of(request, "req_path"),
                         .client = text_of(request, "remote_ip"),
                         .since = *before_now(elapsed, moment)});
    found = std::prev(requests_.end());
  }
  found->bytes.add(moment.now, whole(request, "resp_bytes").value_or(0));
  note_tokens(*found, whole(request, "resp_tokens").value_or(0), moment.now);
}

void Dashboard::note_tokens(RequestRow& request, std::uint64_t tokens, Instant now) {
  const std::uint64_t more = tokens - std::min(tokens, request.tokens);
  request.tokens = tokens;
  const auto model = std::ranges::find(models_, request.model, &ModelRow::id);
  if (model == models_.end()) return;
  RateMeter& meter = model->streamed_tokens;
  meter.add(now, meter.value().value_or(0) + more);
}

}  // namespace corral::cli
