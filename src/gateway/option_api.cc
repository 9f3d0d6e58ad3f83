#include "gateway/option_api.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/log.h"
#include "base/strings.h"
#include "gateway/admin.h"
#include "gateway/reply_error.h"
#include "http/uri.h"
#include "json/scanner.h"

namespace corral::gateway {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::size_t kMaxBody = 256 * 1024;

bool runs(engine::State state) {
  return state != engine::State::kStopped && state != engine::State::kFailed;
}

io::Task<Result<std::string>> read_body(http::Exchange& exchange) {
  std::string body;
  while (true) {
    const Result<std::string_view> piece = co_await exchange.read_body();
    if (!piece.has_value()) co_return std::unexpected(piece.error());
    if (piece->empty()) co_return body;
    body += *piece;
    if (body.size() > kMaxBody)
      co_return fail(Code::kLimit, "options of more than 256 KiB are not options");
  }
}

std::string listed(const Changes& changes) {
  std::string text;
  for (const auto& [key, value] : changes) text += (text.empty() ? "" : ", ") + key;
  return text;
}

}  // namespace

const OwnRoute<OptionApi> OptionApi::kRoutes[] = {
    {"GET", "/api/models/options", true, false, &OptionApi::list},
    {"POST", "/api/models/set", true, true, &OptionApi::set},
    {"POST", "/api/models/reset", true, true, &OptionApi::reset},
};

OptionApi::OptionApi(OptionStore& store, Conductor& conductor,
                     std::function<void(ModelIndex)> changed)
    : store_(store), conductor_(conductor), changed_(std::move(changed)) {}

io::Task<bool> OptionApi::handle(http::Exchange& exchange, std::string_view path,
                                 std::string_view query) {
  const std::span<const OwnRoute<OptionApi>> routes(kRoutes);
  const bool answered = co_await answer_by(routes, *this, exchange, path, query);
  co_return answered;
}

io::Task<void> OptionApi::list(http::Exchange& exchange, std::string rest, std::string) {
  const std::optional<ModelIndex> model = find_model(store_.config(), rest);
  if (!model) {
    co_await reply_error(exchange, Dialect::kOpenAi, 404, unknown_model(store_.config(), rest));
    co_return;
  }
  std::string nothing;
  co_await reply(exchange, *model, std::move(nothing));
}

io::Task<void> OptionApi::set(http::Exchange& exchange, std::string rest, std::string query) {
  const bool restart = http::query_value(query, "restart").has_value();
  co_await change(exchange, std::move(rest), restart, &OptionApi::changes_of_set);
}

io::Task<void> OptionApi::reset(http::Exchange& exchange, std::string rest, std::string query) {
  const bool restart = http::query_value(query, "restart").has_value();
  co_await change(exchange, std::move(rest), restart, &OptionApi::changes_of_reset);
}

Result<Changes> OptionApi::changes_of_set(std::string_view body, const std::string&) const {
  json::Scanner scanner({});  // refuses what is nested too deeply for those who handle it next
  const bool sound = scanner.push(body).has_value() && scanner.finish().has_value();
  const Json json = Json::parse(sound ? body : "", nullptr, false);
  if (!json.is_object())
    return fail(Code::kInvalid,
                "the body must be a JSON object of options, such as {\"ctx\": 4096}; null resets "
                "an option");
  Changes changes;
  for (const auto& [key, value] : json.items())
    changes[key] = value.is_null() ? std::nullopt : std::optional(value.dump());
  return changes;
}

Result<Changes> OptionApi::changes_of_reset(std::string_view body, const std::string& id) const {
  Changes changes;
  if (trim(body).empty()) {
    for (const std::string& key : store_.set_keys(id)) changes[key] = std::nullopt;
    return changes;
  }
  const Json json = Json::parse(body, nullptr, false);
  const bool texts =
      json.is_array() && std::ranges::all_of(json, [](const Json& key) { return key.is_string(); });
  if (!texts)
    return fail(Code::kInvalid,
                "the body must be a JSON list of options, such as [\"ctx\"], or empty for all that "
                "were set");
  for (const Json& key : json) changes[key.get<std::string>()] = std::nullopt;
  return changes;
}

io::Task<void> OptionApi::change(http::Exchange& exchange, std::string name, bool restart,
                                 Parse parse) {
  const std::optional<ModelIndex> found = find_model(store_.config(), name);
  if (!found) {
    co_await reply_error(exchange, Dialect::kOpenAi, 404, unknown_model(store_.config(), name));
    co_return;
  }
  const ModelIndex model = *found;
  const Result<std::string> body = co_await read_body(exchange);
  if (!body.has_value()) {
    const int status = body.error().code == Code::kLimit ? 413 : 400;
    co_await reply_error(exchange, Dialect::kOpenAi, status, body.error().message);
    co_return;
  }
  const std::string id = store_.config().models[model].id;
  const Result<Changes> changes = (this->*parse)(*body, id);
  Result<void> done;
  if (changes.has_value()) {
    done = store_.change(id, *changes);
  } else {
    done = std::unexpected(changes.error());
  }
  if (!done.has_value()) {
    co_await reply_error(exchange, Dialect::kOpenAi, 400, done.error().message);
    co_return;
  }
  changed_(model);
  const Result<void> kept = co_await store_.keep();
  std::string message = sentence(model, *changes, restart);
  log_info(message);
  if (!kept.has_value()) {
    message += "; it will be forgotten when Corral ends: " + kept.error().message;
    log_warn(message);
  }
  if (restart && conductor_.engine(model).outdated()) conductor_.unload(model);
  co_await reply(exchange, model, std::move(message));
}

std::string OptionApi::sentence(ModelIndex model, const Changes& changes, bool restart) const {
  const engine::Engine& engine = conductor_.engine(model);
  const std::string& id = engine.spec().model;
  if (changes.empty()) return id + ": nothing was changed";
  std::string text = id + ": changed " + listed(changes);
  if (engine.outdated()) {
    return text + (restart ? "; its engine is unloaded as soon as it is idle, and starts with the "
                             "new options"
                           : "; its engine still runs with the old options, and takes the new "
                             "ones when it starts the next time");
  }
  return text + (runs(engine.status().state)
                     ? "; that makes no difference to its engine, which runs"
                     : "; its engine takes that when it starts the next time");
}

// A value in its own type, with the file and line that it comes from.
Json OptionApi::options_of(ModelIndex model) const {
  const config::Config& config = store_.config();
  const std::vector<config::Given>& own = config.models[model].given;
  const bool worker = !config.models[model].gguf.empty();
  Json list = Json::array();
  for (const config::OptionInfo& option : config::all_options()) {
    if (option.worker_only && !worker) continue;
    const auto is_it = [&](const config::Given& given) { return given.key == option.key; };
    auto found = std::ranges::find_if(own, is_it);
    bool given = found != own.end();
    if (!given) {
      found = std::ranges::find_if(config.given, is_it);
      given = found != config.given.end();
    }
    Json entry = {{"key", option.key}};
    if (!given) {
      entry["value"] = option.by_default;
      entry["from"] = "default";
    } else {
      entry["value"] = Json::parse(found->value, nullptr, false);
      const bool set = found->mark.line == 0;
      entry["from"] = set ? "set" : "file";
      if (!set) entry["place"] = config.file + ":" + std::to_string(found->mark.line);
    }
    list.push_back(std::move(entry));
  }
  return list;
}

io::Task<void> OptionApi::reply(http::Exchange& exchange, ModelIndex model, std::string message) {
  const engine::Engine& engine = conductor_.engine(model);
  Json body = {{"model", engine.spec().model},
               {"state", engine::to_string(engine.status().state)},
               {"outdated", engine.outdated()}};
  if (!message.empty()) body["message"] = message;
  body["options"] = options_of(model);
  co_await reply_json(exchange, body);
}

}  // namespace corral::gateway
