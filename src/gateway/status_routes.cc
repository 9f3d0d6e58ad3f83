#include "gateway/status_routes.h"

#include <nlohmann/json.hpp>

#include "gateway/admin.h"
#include "gateway/reply_error.h"
#include "http/uri.h"
#include "io/race.h"

namespace corral::gateway {
namespace {

using Json = nlohmann::ordered_json;

// Every reader of event streams passes over a comment; proxies on the way see that it lives.
constexpr Duration kKeepAlive = seconds(15);

}  // namespace

const OwnRoute<StatusRoutes> StatusRoutes::kRoutes[] = {
    {"GET", "/api/status", false, false, &StatusRoutes::status},
    {"GET", "/api/events", false, true, &StatusRoutes::events},
    {"GET", "/api/requests", false, false, &StatusRoutes::requests},
    {"POST", "/api/requests", true, true, &StatusRoutes::cancel},
    {"POST", "/api/inflight", true, true, &StatusRoutes::cancel},  // llama-swap's
    {"GET", "/api/version", false, false, &StatusRoutes::version},
};

StatusRoutes::StatusRoutes(io::Loop& loop, const config::Config& config, const ModelStatus& status,
                           EventHub& hub, Inflight& inflight, std::string version)
    : loop_(loop),
      config_(config),
      status_(status),
      hub_(hub),
      inflight_(inflight),
      version_(std::move(version)),
      draining_(loop) {}

io::Task<bool> StatusRoutes::handle(http::Exchange& exchange, std::string_view path,
                                    std::string_view query) {
  const std::span<const OwnRoute<StatusRoutes>> routes(kRoutes);
  const bool answered = co_await answer_by(routes, *this, exchange, path, query);
  co_return answered;
}

io::Task<void> StatusRoutes::status(http::Exchange& exchange, std::string, std::string query) {
  Json list = Json::array();
  const std::optional<std::string> name = http::query_value(query, "model");
  if (name) {
    const std::optional<ModelIndex> model = find_model(config_, *name);
    if (!model) {
      co_await reply_error(exchange, Dialect::kOpenAi, 404, unknown_model(config_, *name));
      co_return;
    }
    list.push_back(status_.object(*model));
  } else {
    for (ModelIndex i = 0; i < status_.size(); ++i) list.push_back(status_.object(i));
  }
  const Json json = {{"suspended", status_.suspended()}, {"models", std::move(list)}};
  co_await reply_json(exchange, json);
}

io::Task<void> StatusRoutes::events(http::Exchange& exchange, std::string, std::string) {
  io::Task<Result<void>> streaming = stream(exchange);
  io::Task<Result<void>> while_here =
      io::until(loop_, exchange.client_gone(), std::move(streaming));
  const Result<void> over = co_await io::until(loop_, draining_, std::move(while_here));
  if (!over.has_value() && exchange.begun()) co_await exchange.end();
}

io::Task<Result<void>> StatusRoutes::stream(http::Exchange& exchange) {
  const std::array<http::Header, 3> headers = {{{"Content-Type", "text/event-stream"},
                                                {"Cache-Control", "no-cache"},
                                                {"X-Accel-Buffering", "no"}}};
  Result<void> sent = co_await exchange.begin(200, headers, http::Framing::kChunked);
  EventHub::Listener listener(hub_);
  std::string text = listener.greeting();
  while (sent.has_value()) {
    sent = co_await exchange.send(text);
    if (!sent.has_value()) break;
    const bool news = co_await listener.news().wait_for(kKeepAlive);
    text = news ? listener.take() : ": nothing new\n\n";
  }
  co_return sent;
}

io::Task<void> StatusRoutes::requests(http::Exchange& exchange, std::string, std::string) {
  const Json json = {{"requests", inflight_.list()}};
  co_await reply_json(exchange, json);
}

// `rest` is "ID/cancel".
io::Task<void> StatusRoutes::cancel(http::Exchange& exchange, std::string rest, std::string) {
  constexpr std::string_view kVerb = "/cancel";
  const std::string_view text = rest;
  const bool known = text.ends_with(kVerb);
  const std::optional<std::uint64_t> id =
      known ? parse_u64(text.substr(0, text.size() - kVerb.size())) : std::nullopt;
  if (!id) {
    co_await reply_error(exchange, Dialect::kOpenAi, 404,
                         "this route takes the number of a request and /cancel; GET /api/requests "
                         "lists the numbers");
    co_return;
  }
  if (!inflight_.cancel(*id)) {
    co_await reply_error(exchange, Dialect::kOpenAi, 404,
                         "there is no request " + std::to_string(*id) +
                             " in flight; it may be over, GET /api/requests lists what is not");
    co_return;
  }
  const Json json = {{"msg", "ok"}};
  co_await reply_json(exchange, json);
}

io::Task<void> StatusRoutes::version(http::Exchange& exchange, std::string, std::string) {
  const Json json = {{"name", "corral"}, {"version", version_}};
  co_await reply_json(exchange, json);
}

}  // namespace corral::gateway
