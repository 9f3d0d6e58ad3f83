// The commands that ask a running service: ps, load, unload, suspend, resume, logs.
#include <algorithm>
#include <cstdio>
#include <nlohmann/json.hpp>

#include "base/strings.h"
#include "cli/commands.h"
#include "cli/json_fields.h"
#include "cli/progress.h"
#include "cli/service_work.h"
#include "cli/short_text.h"
#include "cli/status_text.h"

namespace corral::cli {
namespace {

using Json = nlohmann::json;

std::string count_of(const Json& engine, const char* key) {
  return engine.is_object() && engine.contains(key) && engine[key].is_number_unsigned()
             ? std::to_string(engine[key].get<std::uint64_t>())
             : "-";
}

// GET /api/status, whose "models" are an array.
io::Task<Result<Json>> fetch_status(ServiceClient& service) {
  std::string method = "GET";
  std::string path = "/api/status";
  const Result<std::string> body = co_await service.fetch(std::move(method), std::move(path));
  if (!body.has_value()) co_return std::unexpected(body.error());
  Json json = Json::parse(*body, nullptr, false);
  if (!json.is_object() || !json.contains("models") || !json["models"].is_array())
    co_return std::unexpected(service.foreign());
  co_return json;
}

bool is_loaded(const Json& model) {
  const std::string state = text_of(model, "state");
  return state != "stopped" && state != "failed";
}

// "ready", or "ready, reduced" for one that has less than its config says.
std::string state_words(const Json& engine) {
  const auto reduced = engine.is_object() ? engine.find("reduced") : engine.end();
  return state_text(engine) + (reduced != engine.end() && reduced->is_object() ? ", reduced" : "");
}

// What is loaded, and what somebody waits for.
io::Task<Result<void>> list_running(ServiceClient& service, const Options&) {
  const Result<Json> status = co_await fetch_status(service);
  if (!status.has_value()) co_return std::unexpected(status.error());
  std::vector<std::vector<std::string>> rows = {
      {"MODEL", "STATE", "HEALTH", "PID", "UPTIME", "MEMORY", "IN FLIGHT", "WAITING"}};
  for (const Json& model : (*status)["models"]) {
    if (!is_loaded(model) && number_of(model, "waiting") == 0) continue;
    rows.push_back({printable(text_of(model, "model", "?")), state_words(model),
                    text_of(model, "health", "-"), count_of(model, "pid"),
                    age_text(model, "uptime_s"), size_text(model, "memory_bytes"),
                    count_of(model, "in_flight"), count_of(model, "waiting")});
  }
  const bool suspended = is_true(*status, "suspended");
  if (suspended) std::printf("Corral at %s%s\n", service.url().c_str(), kSuspended);
  if (rows.size() > 1) {
    print_table(rows);
  } else if (!suspended) {
    std::printf("Nothing is loaded at %s; a request that names a model loads it.\n",
                service.url().c_str());
  }
  co_return Result<void>{};
}

io::Task<Result<void>> load_model(ServiceClient& service, const Options& options) {
  Result<void> loaded = co_await load_with_progress(service, options.model);
  if (loaded.has_value()) std::printf("%s is ready\n", options.model.c_str());
  co_return loaded;
}

// Who unloads waits until the requests in the engine are over.
std::string waits_for_requests(const Json& status, const std::string& model) {
  double running = 0;
  for (const Json& each : status["models"]) {
    if (model.empty() || text_of(each, "model") == model) running += number_of(each, "in_flight");
  }
  if (running == 0) return {};
  return "waits for the end of " + counted(static_cast<std::uint64_t>(running), "request");
}

io::Task<Result<void>> unload_models(ServiceClient& service, const Options& options) {
  const bool all = options.model.empty();
  if (all) {
    const Result<Json> status = co_await fetch_status(service);
    if (!status.has_value()) co_return std::unexpected(status.error());
    if (std::ranges::none_of((*status)["models"], is_loaded)) {
      std::printf("no model was loaded\n");
      co_return Result<void>{};
    }
  }
  ProgressLine line;
  const Result<Json> before = co_await fetch_status(service);
  if (before.has_value()) line.show(waits_for_requests(*before, options.model));
  std::string method = "POST";
  std::string path = "/api/models/unload" + (all ? "" : "/" + percent_encode(options.model));
  const Result<std::string> body = co_await service.fetch(std::move(method), std::move(path));
  line.clear();
  if (!body.has_value()) co_return std::unexpected(body.error());
  std::printf("%s unloaded\n", all ? "all models are" : options.model.c_str());
  co_return Result<void>{};
}

io::Task<Result<void>> suspend_all(ServiceClient& service, const Options&) {
  std::string method = "POST";
  std::string path = "/api/suspend";
  const Result<std::string> body = co_await service.fetch(std::move(method), std::move(path));
  if (!body.has_value()) co_return std::unexpected(body.error());
  std::printf("all engines are stopped, and requests wait for: corral resume\n");
  co_return Result<void>{};
}

io::Task<Result<void>> resume_all(ServiceClient& service, const Options&) {
  std::string method = "POST";
  std::string path = "/api/resume";
  const Result<std::string> body = co_await service.fetch(std::move(method), std::move(path));
  if (!body.has_value()) co_return std::unexpected(body.error());
  const bool was = is_true(Json::parse(*body, nullptr, false), "was_suspended");
  std::printf(was ? "what ran before comes back\n"
                  : "it was not suspended; nothing is to be done\n");
  co_return Result<void>{};
}

bool print_bytes(std::string_view bytes) {
  std::fwrite(bytes.data(), 1, bytes.size(), stdout);
  return std::fflush(stdout) == 0;
}

io::Task<Result<void>> show_logs(ServiceClient& service, const Options& options) {
  std::string path = options.model.empty() ? "/logs" : "/logs/" + percent_encode(options.model);
  if (options.follow) {
    path = "/logs/stream/" + (options.model.empty() ? "proxy" : percent_encode(options.model));
  }
  std::string method = "GET";
  std::string body;
  std::function<bool(std::string_view)> print = print_bytes;
  Result<void> done = co_await service.stream(std::move(method), std::move(path), std::move(body),
                                              std::move(print));
  co_return done;
}

}  // namespace

int ps(const Options& options) { return run_work(options, list_running); }
int load(const Options& options) { return run_work(options, load_model); }
int unload(const Options& options) { return run_work(options, unload_models); }
int suspend(const Options& options) { return run_work(options, suspend_all); }
int resume(const Options& options) { return run_work(options, resume_all); }
int logs(const Options& options) { return run_work(options, show_logs); }

}  // namespace corral::cli
