#include "gateway/admin.h"

#include <array>
#include <chrono>
#include <nlohmann/json.hpp>

#include "base/strings.h"
#include "gateway/reply_error.h"
#include "http/uri.h"
#include "io/race.h"

namespace corral::gateway {
namespace {

using Json = nlohmann::ordered_json;

}  // namespace

std::optional<ModelIndex> find_model(const config::Config& config, std::string_view name) {
  const config::Model* model = config.find(name);
  if (model == nullptr) return std::nullopt;
  return static_cast<ModelIndex>(model - config.models.data());
}

std::string unknown_model(const config::Config& config, std::string_view name) {
  std::vector<std::string> names;
  for (const config::Model& model : config.models) {
    names.push_back(model.id);
    names.insert(names.end(), model.aliases.begin(), model.aliases.end());
  }
  constexpr std::size_t kShown = 100;
  std::string message = "there is no model '" + std::string(name.substr(0, kShown)) +
                        (name.size() > kShown ? "...'" : "'");
  std::vector<std::string> shown = nearest(name, names, 3);
  message += shown.empty() ? "; there is " : "; did you mean ";
  if (shown.empty()) {
    for (const config::Model& model : config.models) {
      if (!model.unlisted && shown.size() < 5) shown.push_back(model.id);
    }
  }
  if (shown.empty()) return message + "none: the config names no models";
  for (std::size_t i = 0; i < shown.size(); ++i) {
    message += (i == 0 ? "'" : i + 1 == shown.size() ? " or '" : ", '") + shown[i] + "'";
  }
  return message + (message.find("did you mean") != std::string::npos ? "?" : "");
}

const OwnRoute<Admin> Admin::kRoutes[] = {
    {"GET", "/", false, false, &Admin::root},
    {"GET", "/health", false, false, &Admin::health},
    {"GET", "/v1/models", false, false, &Admin::models},
    {"GET", "/models", false, false, &Admin::models},
    {"GET", "/running", false, false, &Admin::running},
    {"GET", "/unload", false, true, &Admin::unload},
    {"POST", "/api/models/unload", true, true, &Admin::unload},
    {"POST", "/api/models/load", true, true, &Admin::load},
    {"POST", "/api/suspend", false, true, &Admin::suspend},
    {"POST", "/api/resume", false, true, &Admin::resume},
    {"GET", "/metrics", false, false, &Admin::metrics},
    {"GET", "/logs/stream", true, false, &Admin::log_stream},
    {"GET", "/logs", true, false, &Admin::log},
};

Admin::Admin(io::Loop& loop, const config::Config& config, Conductor& conductor,
             const ModelStatus& status, const telemetry::Counters& counters, Logs& logs)
    : loop_(loop),
      config_(config),
      conductor_(conductor),
      status_(status),
      counters_(counters),
      logs_(logs),
      draining_(loop),
      started_(
          std::chrono::duration_cast<seconds>(std::chrono::system_clock::now().time_since_epoch())
              .count()) {}

io::Task<bool> Admin::handle(http::Exchange& exchange, std::string_view path,
                             std::string_view query) {
  const std::span<const OwnRoute<Admin>> routes(kRoutes);
  const bool answered = co_await answer_by(routes, *this, exchange, path, query);
  co_return answered;
}

std::optional<ModelIndex> Admin::find(std::string_view name) const {
  return find_model(config_, name);
}

io::Task<void> Admin::root(http::Exchange& exchange, std::string, std::string) {
  std::string text = "Corral runs " + std::to_string(config_.models.size()) +
                     " models behind this address. Try:\n\n"
                     "  GET  /v1/models            what there is\n"
                     "  POST /v1/chat/completions  talk to one\n"
                     "  GET  /running              what is loaded\n"
                     "  GET  /logs                 what happened\n";
  co_await reply_text(exchange, kPlainText, std::move(text));
}

io::Task<void> Admin::health(http::Exchange& exchange, std::string, std::string) {
  co_await reply_text(exchange, kPlainText, "OK");
}

io::Task<void> Admin::models(http::Exchange& exchange, std::string, std::string) {
  Json list = Json::array();
  for (ModelIndex i = 0; i < config_.models.size(); ++i) {
    const config::Model& model = config_.models[i];
    if (model.unlisted) continue;
    const bool loaded = engine::is_running(conductor_.engine(i).status().state);
    Json entry = {
        {"id", model.id}, {"object", "model"}, {"created", started_}, {"owned_by", "corral"}};
    if (!model.name.empty()) entry["name"] = model.name;
    if (!model.description.empty()) entry["description"] = model.description;
    if (!model.aliases.empty()) entry["aliases"] = model.aliases;
    entry["status"] = {{"value", loaded ? "loaded" : "unloaded"}};
    list.push_back(std::move(entry));
  }
  const Json body = {{"object", "list"}, {"data", std::move(list)}};
  co_await reply_json(exchange, body);
}

io::Task<void> Admin::running(http::Exchange& exchange, std::string, std::string) {
  Json list = Json::array();
  for (ModelIndex i = 0; i < config_.models.size(); ++i) {
    const config::Model& model = config_.models[i];
    if (!engine::is_running(conductor_.engine(i).status().state)) continue;
    const http::Address& address = conductor_.engine(i).spec().address;
    const std::string proxy =
        model.gguf.empty()
            ? "http://" + address.host + ":" + std::to_string(address.port) + model.proxy_path
            : "";
    Json entry = status_.object(i);
    entry["cmd"] = model.gguf.empty() ? model.cmd : "";
    entry["gguf"] = model.gguf;
    entry["proxy"] = proxy;
    entry["ttl"] = model.ttl.count();
    entry["name"] = model.name;
    entry["description"] = model.description;
    list.push_back(std::move(entry));
  }
  const Json body = {{"running", std::move(list)}};
  co_await reply_json(exchange, body);
}

io::Task<Result<void>> Admin::wait_stopped(std::vector<std::uint64_t> ends, ModelIndex first) {
  for (std::size_t i = 0; i < ends.size(); ++i) co_await conductor_.stopped(first + i, ends[i]);
  co_return Result<void>{};
}

io::Task<void> Admin::unload(http::Exchange& exchange, std::string rest, std::string) {
  const bool all = rest.empty();
  const std::optional<ModelIndex> model = all ? std::optional<ModelIndex>(0) : find(rest);
  if (!model) {
    co_await reply_error(exchange, Dialect::kOpenAi, 404, unknown_model(config_, rest));
    co_return;
  }
  // Noted before anything stops: a model that another request loads again meanwhile was unloaded.
  std::vector<std::uint64_t> ends;
  const std::size_t count = all ? conductor_.size() : 1;
  for (ModelIndex i = *model; i < *model + count; ++i) ends.push_back(conductor_.ends(i));
  if (all) {
    conductor_.unload_all();
  } else {
    conductor_.unload(*model);
  }
  io::Task<Result<void>> wait = wait_stopped(std::move(ends), *model);
  const Result<void> unloaded = co_await io::until(loop_, exchange.client_gone(), std::move(wait));
  if (unloaded.has_value()) co_await reply_text(exchange, kPlainText, "OK");
}

// For whoever is told that the machine is about to sleep, and waits for the answer.
io::Task<void> Admin::suspend(http::Exchange& exchange, std::string, std::string) {
  constexpr seconds kLimit{30};
  conductor_.suspend();
  const bool gone = co_await conductor_.none_runs(kLimit);
  if (gone) {
    const Json json = {{"msg", "ok"}};
    co_await reply_json(exchange, json);
  } else {
    co_await reply_error(exchange, Dialect::kOpenAi, 504,
                         "not all engines have stopped within 30 s; GET /api/status tells which, "
                         "and they are still being stopped");
  }
}

io::Task<void> Admin::resume(http::Exchange& exchange, std::string, std::string) {
  const bool was_suspended = conductor_.suspended();
  conductor_.resume();
  conductor_.recheck();
  const Json json = {{"msg", "ok"}, {"was_suspended", was_suspended}};
  co_await reply_json(exchange, json);
}

std::string Admin::state_line(ModelIndex model) {
  const engine::Status& status = conductor_.engine(model).status();
  const Json line = {{"model", config_.models[model].id},
                     {"state", engine::to_string(status.state)},
                     {"progress", status.progress},
                     {"stage", status.stage},
                     {"waits_for", conductor_.waits_for(model)}};
  return json_text(line) + "\n";
}

// Answers with one JSON line a change until the model is ready or has failed.
io::Task<void> Admin::load(http::Exchange& exchange, std::string rest, std::string) {
  const std::optional<ModelIndex> model = find(rest);
  if (!model) {
    co_await reply_error(exchange, Dialect::kOpenAi, 404, unknown_model(config_, rest));
    co_return;
  }
  io::Task<Result<void>> report = report_load(exchange, *model);
  co_await io::until(loop_, exchange.client_gone(), std::move(report));
}

io::Task<Result<void>> Admin::report_load(http::Exchange& exchange, ModelIndex model) {
  const std::array<http::Header, 1> headers = {{{"Content-Type", "application/x-ndjson"}}};
  Result<void> sent = co_await exchange.begin(200, headers, http::Framing::kChunked);
  conductor_.forget_failures(model);
  Ticket ticket(conductor_, model, false);
  std::string last;
  while (sent.has_value()) {
    const std::string line = state_line(model);
    if (line != last) sent = co_await exchange.send(line);
    last = line;
    if (ticket.decided().is_set()) break;
    co_await conductor_.change(seconds(1));
  }
  if (!sent.has_value()) co_return sent;
  std::string error;
  if (ticket.refusal()) {
    const Error& refusal = *ticket.refusal();
    error = error_body(Dialect::kOpenAi, status_of(refusal.code), refusal.message) + "\n";
  }
  sent = co_await exchange.end(error);
  co_return sent;
}

io::Task<void> Admin::metrics(http::Exchange& exchange, std::string, std::string) {
  std::vector<telemetry::ModelGauge> gauges;
  for (ModelIndex i = 0; i < config_.models.size(); ++i) {
    gauges.push_back({.id = config_.models[i].id,
                      .state = std::string(engine::to_string(conductor_.engine(i).status().state)),
                      .in_flight = conductor_.in_flight(i),
                      .waiting = conductor_.waiting(i)});
  }
  std::string text = counters_.prometheus(gauges);
  co_await reply_text(exchange, "text/plain; version=0.0.4", std::move(text));
}

io::LogRing* Admin::find_log(std::string_view name) {
  if (name.empty() || name == "proxy") return &logs_.gateway();
  if (name == "upstream") return &logs_.engines();
  const std::optional<ModelIndex> model = find(name);
  return model ? &conductor_.engine(*model).log() : nullptr;
}

namespace {

io::Task<void> reply_no_log(http::Exchange& exchange, std::string name) {
  co_await reply_error(exchange, Dialect::kOpenAi, 404,
                       "there is no log '" + name +
                           "'; name a model, or 'proxy' for Corral's own log, or 'upstream' for "
                           "those of all engines");
}

}  // namespace

io::Task<void> Admin::log(http::Exchange& exchange, std::string rest, std::string) {
  io::LogRing* ring = find_log(rest);
  if (ring == nullptr) {
    co_await reply_no_log(exchange, std::move(rest));
    co_return;
  }
  std::string text = ring->from(0);
  co_await reply_text(exchange, kPlainText, std::move(text));
}

io::Task<void> Admin::log_stream(http::Exchange& exchange, std::string rest, std::string query) {
  io::LogRing* ring = find_log(rest);
  if (ring == nullptr) {
    co_await reply_no_log(exchange, std::move(rest));
    co_return;
  }
  const bool history = !http::query_value(query, "no-history").has_value();
  io::Task<Result<void>> following = follow(exchange, *ring, history);
  io::Task<Result<void>> while_here =
      io::until(loop_, exchange.client_gone(), std::move(following));
  const Result<void> over = co_await io::until(loop_, draining_, std::move(while_here));
  if (!over.has_value() && exchange.begun()) co_await exchange.end();
}

io::Task<Result<void>> Admin::follow(http::Exchange& exchange, io::LogRing& ring, bool history) {
  const std::array<http::Header, 3> headers = {
      {{"Content-Type", kPlainText}, {"Cache-Control", "no-store"}, {"X-Accel-Buffering", "no"}}};
  Result<void> sent = co_await exchange.begin(200, headers, http::Framing::kChunked);
  std::uint64_t offset = history ? ring.begin() : ring.end();
  if (sent.has_value()) sent = co_await exchange.flush();
  while (sent.has_value()) {
    co_await ring.past(offset);
    const std::string text = ring.from(offset);
    offset = ring.end();
    sent = co_await exchange.send(text);
  }
  co_return sent;
}

}  // namespace corral::gateway
