#include "gateway/gateway.h"

#include <algorithm>
#include <array>

#include "base/log.h"
#include "base/strings.h"
#include "gateway/reply_error.h"
#include "http/uri.h"
#include "io/race.h"

namespace corral::gateway {
namespace {

constexpr std::size_t kMaxWaiting = 1000;  // requests a model; more are refused

engine::Spec spec_of(const Settings& settings, const config::Model& model) {
  const Duration timeout = model.startup_timeout;
  engine::Spec spec =
      model.gguf.empty()
          ? engine::external_spec(model, settings.self_exe, timeout, settings.environment)
          : engine::worker_spec(model, settings.self_exe, settings.runtime_dir, timeout,
                                settings.environment);
  spec.command.file = settings.self_image;
  return spec;
}

scheduler::ModelRule rule_of(const config::Model& model) {
  return {.id = model.id,
          .max_in_flight = engine::max_in_flight(model),
          .max_waiting = kMaxWaiting,
          .ttl = model.ttl,
          .keep = model.keep};
}

std::vector<engine::Spec> specs_of(const Settings& settings, const config::Config& config) {
  std::vector<engine::Spec> specs;
  for (const config::Model& model : config.models) specs.push_back(spec_of(settings, model));
  return specs;
}

std::vector<scheduler::ModelRule> rules_of(const config::Config& config) {
  std::vector<scheduler::ModelRule> rules;
  for (const config::Model& model : config.models) rules.push_back(rule_of(model));
  return rules;
}

config::Environment environment_of(std::vector<std::string> entries) {
  return [entries = std::move(entries)](std::string_view name) -> std::optional<std::string> {
    for (const std::string& entry : entries) {
      if (entry.size() > name.size() && entry.starts_with(name) && entry[name.size()] == '=')
        return entry.substr(name.size() + 1);
    }
    return std::nullopt;
  };
}

// What to load at the start; the last one stays where only one can.
std::vector<ModelIndex> first_models(const config::Config& config, const std::string& last) {
  std::vector<std::string> ids = config.preload;
  if (config.restore_last && std::ranges::find(ids, last) == ids.end()) ids.push_back(last);
  std::vector<ModelIndex> models;
  for (const std::string& id : ids) {
    if (const std::optional<ModelIndex> model = find_model(config, id)) models.push_back(*model);
  }
  return models;
}

// The part of an /upstream path that names a model, and the rest, which begins with a slash.
struct UpstreamPath {
  std::optional<ModelIndex> model;
  std::string_view rest;
};

// The longest configured name wins, since names may contain slashes. No more of the path is looked
// at than the longest name could take, percent-encoded.
UpstreamPath split_upstream(const config::Config& config, std::string_view path) {
  std::size_t longest = 0;
  for (const config::Model& model : config.models) {
    longest = std::max(longest, model.id.size());
    for (const std::string& alias : model.aliases) longest = std::max(longest, alias.size());
  }
  UpstreamPath result;
  for (std::size_t end = path.find('/'); end <= longest * 3; end = path.find('/', end + 1)) {
    const std::optional<std::string> name = percent_decode(path.substr(0, end));
    const std::optional<ModelIndex> model = name ? find_model(config, *name) : std::nullopt;
    if (model) result = {model, path.substr(end)};
  }
  const std::optional<std::string> name =
      path.size() <= longest * 3 ? percent_decode(path) : std::nullopt;
  const std::optional<ModelIndex> whole = name ? find_model(config, *name) : std::nullopt;
  if (whole) result = {whole, {}};
  return result;
}

}  // namespace

Gateway::Gateway(io::Loop& loop, const Settings& settings)
    : loop_(loop),
      settings_(settings),
      options_(loop, settings.config, environment_of(settings.environment),
               StateFile(settings.state_folder, "options.json")),
      last_model_(loop, StateFile(settings.state_folder, "last.json"), section_of(settings.config)),
      config_(options_.config()),
      access_({.keys = config_.api_keys,
               .origins = config_.allowed_origins,
               .hosts = config_.allowed_hosts},
              settings.host_name),
      logs_(loop),
      client_(loop),
      conductor_(loop, client_, counters_, specs_of(settings, config_), rules_of(config_)),
      context_{loop_, client_, conductor_, counters_, access_, config_.continue_streams},
      status_(loop, config_, conductor_, counters_),
      inflight_(loop),
      events_(loop, conductor_, logs_, status_, inflight_),
      admin_(loop, options_.config(), conductor_, status_, counters_, logs_),
      status_routes_(loop, config_, status_, events_, inflight_, settings.version),
      option_api_(options_, conductor_, [this](ModelIndex model) { reconfigure(model); }),
      preload_(conductor_, first_models(config_, last_model_.id())),
      sleep_watch_(loop, conductor_, config_.on_sleep, settings.system_bus) {
  conductor_.change_ports_by([this](ModelIndex model, std::uint16_t port) {
    options_.use_port(config_.models[model].id, port);
    return spec_of(settings_, options_.config().models[model]);
  });
  logs_.gather(conductor_);
  if (config_.memory_pressure == config::OnMemoryPressure::kUnload) {
    memory_watch_.emplace(loop, memory_world());
  }
}

Gateway::~Gateway() { logs_.stop_gathering(); }

void Gateway::reconfigure(ModelIndex model) {
  const config::Model& changed = options_.config().models[model];
  conductor_.reconfigure(model, spec_of(settings_, changed), rule_of(changed));
}

MemoryWatch::World Gateway::memory_world() {
  return {.any_runs = [this] { return conductor_.any_runs(); },
          .look = [this](Instant now) { return memory_gauge_.look(now); },
          .numbers = [this] { return words_of(memory_gauge_.sample); },
          .unload_one =
              [this] {
                const std::optional<ModelIndex> model = conductor_.memory_short();
                return model ? config_.models[*model].id : std::string();
              }};
}

void Gateway::drain() {
  conductor_.shut_down();
  admin_.drain();
  status_routes_.drain();
}

io::Task<void> Gateway::handle(http::Exchange& exchange) {
  const http::RequestHead& head = exchange.request();
  const http::Target target = http::split_target(head.target);
  const std::optional<std::string_view> origin = head.headers.find("Origin");
  if (origin && access_.trusts(*origin)) {
    exchange.add_header("Access-Control-Allow-Origin", *origin);
    exchange.add_header("Vary", "Origin");
  }
  if (head.method == "OPTIONS") {
    co_await preflight(exchange);
    co_return;
  }
  std::optional<Access::Denial> denial = access_.check(head, target.path);
  if (denial) {
    const ModelRoute* route = find_model_route(target.path);
    const Dialect dialect = route != nullptr ? route->dialect : Dialect::kOpenAi;
    co_await deny(exchange, dialect, std::move(*denial));
    co_return;
  }
  co_await this->route(exchange, target);
}

// Here and in the session: what is rare or over before a reply streams is not inlined, so that its
// frame is its own and no live stream holds the memory.

// What a browser asks before it lets a page send a request with JSON in it (Fetch, section 4.9).
[[gnu::noinline]] io::Task<void> Gateway::preflight(http::Exchange& exchange) {
  const http::Headers& asked = exchange.request().headers;
  const std::string_view wanted = asked.find("Access-Control-Request-Headers").value_or("");
  const std::array<http::Header, 4> headers = {
      {{"Allow", "GET, HEAD, POST, OPTIONS"},
       {"Access-Control-Allow-Methods", "GET, HEAD, POST, OPTIONS"},
       {"Access-Control-Allow-Headers", wanted},
       {"Access-Control-Max-Age", "86400"}}};
  const std::optional<std::string_view> origin = asked.find("Origin");
  const bool trusted = origin && access_.trusts(*origin);
  co_await exchange.reply(204, std::span(headers).first(trusted ? 4 : 1), "");
}

[[gnu::noinline]] io::Task<void> Gateway::deny(http::Exchange& exchange, Dialect dialect,
                                               Access::Denial denial) {
  if (denial.status == 401) exchange.add_header("WWW-Authenticate", "Basic realm=\"corral\"");
  counters_.record({.model = "", .status = denial.status});
  co_await refuse(exchange, dialect, denial.status, std::move(denial.message));
}

io::Task<void> Gateway::route(http::Exchange& exchange, const http::Target& target) {
  const ModelRoute* route = find_model_route(target.path);
  if (route != nullptr && exchange.request().method == "POST") {
    co_await model_request(exchange, *route);
    co_return;
  }
  if (target.path.starts_with("/upstream/")) {
    co_await upstream_request(exchange, target.path.substr(std::string_view("/upstream/").size()));
    co_return;
  }
  bool answered = co_await admin_.handle(exchange, target.path, target.query);
  if (answered) co_return;
  answered = co_await option_api_.handle(exchange, target.path, target.query);
  if (answered) co_return;
  answered = co_await status_routes_.handle(exchange, target.path, target.query);
  if (answered) co_return;
  const std::string path(target.path.substr(0, 100));
  if (route != nullptr) {
    co_await refuse(exchange, route->dialect, 405,
                    path + " takes POST, not " + std::string(exchange.request().method));
  } else {
    co_await refuse(exchange, Dialect::kOpenAi, 404,
                    "there is no route " + path + " here; GET / lists some that there are");
  }
}

[[gnu::noinline]] io::Task<void> Gateway::refuse(http::Exchange& exchange, Dialect dialect,
                                                 int status, std::string message) {
  log_info(std::string(exchange.request().method) + " " + std::to_string(status) + " " + message);
  co_await reply_error(exchange, dialect, status, std::move(message));
}

io::Task<void> Gateway::model_request(http::Exchange& exchange, const ModelRoute& route) {
  const Instant received = loop_.now();
  RequestBody body(exchange, spill_budget_, RequestBody::Reading::kJson);
  const Result<void> gathered = co_await body.gather();
  if (!gathered.has_value()) {
    const int status = status_of_request(gathered.error().code);
    counters_.record({.model = "", .status = status});
    co_await refuse(exchange, route.dialect, status, gathered.error().message);
    co_return;
  }
  const json::Field& name = body.model();
  if (!name.found || name.type != json::Type::kString || name.value.empty()) {
    counters_.record({.model = "", .status = 400});
    co_await refuse(exchange, route.dialect, 400,
                    "the request names no model; add \"model\": \"ID\" with an id that "
                    "GET /v1/models lists");
    co_return;
  }
  const std::optional<ModelIndex> model = find_model(config_, name.value);
  if (!model) {
    counters_.record({.model = "", .status = 404});
    co_await refuse(exchange, route.dialect, 404, unknown_model(config_, name.value));
    co_return;
  }
  const http::Target target = http::split_target(exchange.request().target);
  std::string path(target.path);
  if (!target.query.empty()) path.append("?").append(target.query);
  co_await proxy(exchange, body, &route, *model, std::move(path), received);
}

[[gnu::noinline]] io::Task<void> Gateway::upstream_request(http::Exchange& exchange,
                                                           std::string_view path) {
  const UpstreamPath upstream = split_upstream(config_, path);
  if (!upstream.model) {
    const std::string name(path.substr(0, path.find('/')));
    co_await refuse(exchange, Dialect::kOpenAi, 404, unknown_model(config_, name));
    co_return;
  }
  const http::Target target = http::split_target(exchange.request().target);
  std::string rest(upstream.rest);
  if (!target.query.empty()) rest.append("?").append(target.query);
  if (upstream.rest.empty()) {
    // Relative links of an engine's own page need the slash.
    const std::string location = std::string(target.path) + "/" + rest;
    const std::array<http::Header, 1> headers = {{{"Location", location}}};
    const bool get = exchange.request().method == "GET" || exchange.request().method == "HEAD";
    co_await exchange.reply(get ? 301 : 308, headers, "");
    co_return;
  }
  const Instant received = loop_.now();
  RequestBody body(exchange, spill_budget_, RequestBody::Reading::kBlind);
  const Result<void> gathered = co_await body.gather();
  if (!gathered.has_value()) {
    co_await refuse(exchange, Dialect::kOpenAi, status_of_request(gathered.error().code),
                    gathered.error().message);
    co_return;
  }
  co_await proxy(exchange, body, nullptr, *upstream.model, std::move(rest), received);
}

namespace {

io::Task<void> run_to_end(ProxySession& session, io::Event& over) {
  const Result<void> ran = co_await session.run();
  static_cast<void>(ran);  // the outcome is in the exchange
  over.set();
}

}  // namespace

// The session ends by itself, or is ended when its client leaves or somebody cancels it.
io::Task<void> Gateway::proxy(http::Exchange& exchange, RequestBody& body, const ModelRoute* route,
                              ModelIndex model, std::string target, Instant received) {
  ProxySession session(context_, exchange, body, route, model, std::move(target), received);
  io::Event over(loop_);
  const Inflight::Entry entry(inflight_, exchange, config_.models[model].id, received,
                              session.streamed_tokens(), over);
  io::Task<void> running = run_to_end(session, over);
  io::Task<void> leaving = io::relay(exchange.client_gone(), over);
  running.start();
  if (!over.is_set()) leaving.start();
  co_await over.wait();
  running.cancel();
  if (entry.cancelled() && !exchange.ended()) {
    const Dialect dialect = route != nullptr ? route->dialect : Dialect::kOpenAi;
    co_await tell_cancelled(exchange, dialect, model);
  }
  record(exchange, session, model);
}

// Between two events of a stream, as sessions pass on whole ones, there is room for one of ours.
// The empty line before it ends an event that was too long to be passed on whole.
[[gnu::noinline]] io::Task<void> Gateway::tell_cancelled(http::Exchange& exchange, Dialect dialect,
                                                         ModelIndex model) {
  std::string message = "this request to '" + config_.models[model].id + "' was cancelled";
  if (!exchange.begun()) {
    co_await refuse(exchange, dialect, 503, std::move(message));
  } else if (exchange.sends_events()) {
    const std::string event = "\n\n" + error_event(dialect, 503, message);
    co_await exchange.end(event);
  } else {
    exchange.abort();
  }
}

void Gateway::record(const http::Exchange& exchange, const ProxySession& session,
                     ModelIndex model) {
  const std::string& id = config_.models[model].id;
  const Timing& timing = session.timing();
  const Instant now = loop_.now();
  const bool answered = timing.first_byte > timing.known;
  if (answered) last_model_.used(id);
  counters_.record({.model = id,
                    .status = exchange.ended() ? exchange.status() : 0,
                    .whole = now - timing.known,
                    .first_byte = answered ? timing.first_byte - timing.known : Duration::zero(),
                    .usage = session.usage()});
  if (!log_enabled(LogLevel::kInfo)) return;
  std::string line = id + ": " + std::string(exchange.request().method) + " " +
                     std::string(exchange.request().target.substr(0, 200)) + " " +
                     (exchange.ended() ? std::to_string(exchange.status()) : "not finished") + " " +
                     std::to_string(exchange.body_bytes_sent()) + " bytes in " +
                     milliseconds_text(now - timing.received) + " ms";
  if (answered && log_enabled(LogLevel::kDebug)) {
    line += " (" + timing.server_timing() + ", " +
            "reply;dur=" + milliseconds_text(now - timing.first_byte) + ")";
  }
  log_info(line);
}

}  // namespace corral::gateway
