#include "gateway/option_api.h"

#include <algorithm>
#include <array>
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

constexpr std::string_view kList = "/api/models/options/";
constexpr std::string_view kSet = "/api/models/set/";
constexpr std::string_view kReset = "/api/models/reset/";
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

// What a body asks for.
Result<Changes> changes_of_set(std::string_view body) {
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

Result<Changes> changes_of_reset(std::string_view body, std::vector<std::string> all) {
  Changes changes;
  if (trim(body).empty()) {
    for (std::string& key : all) changes[std::move(key)] = std::nullopt;
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

std::string listed(const Changes& changes) {
  std::string text;
  for (const auto& [key, value] : changes) text += (text.empty() ? "" : ", ") + key;
  return text;
}

}  // namespace

OptionApi::OptionApi(OptionStore& store, Conductor& conductor,
                     std::function<void(ModelIndex)> changed)
    : store_(store), conductor_(conductor), changed_(std::move(changed)) {}

io::Task<bool> OptionApi::handle(http::Exchange& exchange, std::string_view path,
                                 std::string_view query) {
  const std::array<std::string_view, 3> routes = {kList, kSet, kReset};
  const auto* const route =
      std::ranges::find_if(routes, [&](std::string_view begin) { return path.starts_with(begin); });
  if (route == routes.end()) co_return false;
  const std::string_view method = exchange.request().method;
  const bool asks = *route == kList;
  if (asks ? method != "GET" && method != "HEAD" : method != "POST") {
    exchange.add_header("Allow", asks ? "GET" : "POST");
    co_await reply_error(exchange, Dialect::kOpenAi, 405,
                         std::string(path.substr(0, 100)) + " takes " + (asks ? "GET" : "POST"));
    co_return true;
  }
  const std::string name = percent_decode(path.substr(route->size())).value_or("");
  const std::optional<ModelIndex> model = find_model(store_.config(), name);
  if (!model) {
    co_await reply_error(exchange, Dialect::kOpenAi, 404, unknown_model(store_.config(), name));
  } else if (asks) {
    std::string nothing;
    co_await reply(exchange, *model, std::move(nothing));
  } else {
    const bool restart = http::query_value(query, "restart").has_value();
    co_await change(exchange, *model, *route == kReset, restart);
  }
  co_return true;
}

io::Task<void> OptionApi::change(http::Exchange& exchange, ModelIndex model, bool reset,
                                 bool restart) {
  const Result<std::string> body = co_await read_body(exchange);
  if (!body.has_value()) {
    const int status = body.error().code == Code::kLimit ? 413 : 400;
    co_await reply_error(exchange, Dialect::kOpenAi, status, body.error().message);
    co_return;
  }
  const std::string id = store_.config().models[model].id;
  const Result<Changes> changes =
      reset ? changes_of_reset(*body, store_.set_keys(id)) : changes_of_set(*body);
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
std::string OptionApi::options_json(ModelIndex model) const {
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
  return list.dump(-1, ' ', false, Json::error_handler_t::replace);
}

io::Task<void> OptionApi::reply(http::Exchange& exchange, ModelIndex model, std::string message) {
  const engine::Engine& engine = conductor_.engine(model);
  Json body = {{"model", engine.spec().model},
               {"state", engine::to_string(engine.status().state)},
               {"outdated", engine.outdated()}};
  if (!message.empty()) body["message"] = message;
  body["options"] = Json::parse(options_json(model), nullptr, false);
  const std::string text = body.dump(-1, ' ', false, Json::error_handler_t::replace);
  const std::array<http::Header, 2> headers = {
      {{"Content-Type", "application/json"}, {"Cache-Control", "no-store"}}};
  co_await exchange.reply(200, headers, text);
}

}  // namespace corral::gateway
