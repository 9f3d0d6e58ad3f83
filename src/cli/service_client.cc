#include "cli/service_client.h"

#include <nlohmann/json.hpp>

#include "cli/config_source.h"
#include "cli/options.h"
#include "cli/service_file.h"
#include "engine/runtime_dir.h"
#include "gateway/reply_error.h"
#include "http/uri.h"
#include "io/race.h"

namespace corral::cli {
namespace {

// Unloading waits for running replies, loading for a large model.
constexpr Duration kLongest = std::chrono::hours(1);

io::Task<Result<void>> send_and_read_head(http::Call& call, std::string_view body) {
  Result<void> done = co_await call.end_body(body);
  if (done.has_value()) done = co_await call.read_head();
  co_return done;
}

}  // namespace

std::string full_url(std::string_view text) {
  std::string url = text.find("://") == std::string_view::npos ? "http://" : "";
  url += text;
  while (url.ends_with('/')) url.pop_back();
  constexpr std::string_view kApi = "/v1";
  if (url.ends_with(kApi)) url.resize(url.size() - kApi.size());
  return url;
}

Result<ServiceClient> ServiceClient::make(io::Loop& loop, const std::string& url) {
  std::string chosen = url.empty() ? environment("CORRAL_URL").value_or("") : url;
  if (chosen.empty()) {
    const ListenAddress standard;
    chosen = "http://" + standard.host + ":" + std::to_string(standard.port);
  }
  chosen = full_url(chosen);
  const Result<http::Url> parsed = http::parse_url(chosen);
  if (!parsed.has_value()) return std::unexpected(parsed.error());
  if (parsed->tls) {
    return fail(Code::kInvalid, chosen + ": https is not supported here; use http");
  }
  http::Address address{.unix_path = {}, .host = parsed->host, .port = parsed->port};
  ServiceClient client(&loop, chosen, std::move(address), parsed->prefix);
  if (const std::optional<std::string> key = environment("CORRAL_API_KEY"); key && !key->empty()) {
    client.authorization_ = "Bearer " + *key;
  }
  return client;
}

io::Task<Result<ServiceClient>> ServiceClient::find(io::Loop& loop, const std::string& url) {
  const std::optional<std::string> folder = engine::find_runtime_dir(environment);
  if (url.empty() && environment("CORRAL_URL").value_or("").empty() && folder) {
    for (const std::string& known : known_services(*folder)) {
      Result<ServiceClient> service = make(loop, known);
      if (!service.has_value()) continue;
      const bool present = co_await service->present();
      if (present) co_return service;
    }
  }
  co_return make(loop, url);
}

ServiceClient::ServiceClient(io::Loop* loop, std::string url, http::Address address,
                             std::string prefix)
    : loop_(loop),
      url_(std::move(url)),
      address_(std::move(address)),
      prefix_(std::move(prefix)),
      client_(std::make_unique<http::Client>(*loop)) {}

Error ServiceClient::absent(const Error& error) const {
  if (error.code != Code::kUnavailable) return error;
  return Error{Code::kUnavailable, "no service answers at " + url_ +
                                       "; start one with `corral serve`, or name another with "
                                       "--url"};
}

Error ServiceClient::foreign() const {
  return Error{Code::kInvalid, url_ +
                                   " does not answer as a Corral service does; name the address "
                                   "of one with --url"};
}

Error ServiceClient::refusal(int status, std::string_view body) const {
  if (status == 401) {
    const bool given = !authorization_.empty();
    return Error{Code::kInvalid, url_ + " asks for an API key, " +
                                     (given ? "and does not know the one in CORRAL_API_KEY"
                                            : "put one into CORRAL_API_KEY")};
  }
  const nlohmann::json json = nlohmann::json::parse(body, nullptr, false);
  if (!json.is_object()) return foreign();
  return Error{Code::kInvalid, gateway::message_of_error_reply(status, body)};
}

io::Task<Result<std::string>> ServiceClient::fetch(std::string method, std::string path) {
  std::string target = prefix_ + path;
  std::vector<std::pair<std::string, std::string>> headers;
  if (!authorization_.empty()) headers.emplace_back("Authorization", authorization_);
  std::string body;
  Result<http::Client::Reply> reply =
      co_await client_->fetch(address_, std::move(method), std::move(target), std::move(headers),
                              std::move(body), kLongest);
  if (!reply.has_value()) co_return std::unexpected(absent(reply.error()));
  if (reply->status >= 400) co_return std::unexpected(refusal(reply->status, reply->body));
  co_return std::move(reply->body);
}

io::Task<bool> ServiceClient::present() {
  std::string method = "GET";
  std::string target = prefix_ + "/health";
  std::vector<std::pair<std::string, std::string>> headers;
  std::string body;
  const Result<http::Client::Reply> reply =
      co_await client_->fetch(address_, std::move(method), std::move(target), std::move(headers),
                              std::move(body), seconds(2));
  co_return reply.has_value() && reply->status == 200;
}

io::Task<Result<void>> ServiceClient::stream(std::string method, std::string path, std::string body,
                                             std::function<bool(std::string_view)> on_bytes) {
  const std::string target = prefix_ + path;
  std::vector<http::Header> headers = {{"Content-Type", "application/json"}};
  if (!authorization_.empty()) headers.push_back({"Authorization", authorization_});
  http::RequestSpec spec{.method = method,
                         .target = target,
                         .headers = headers,
                         .framing = http::Framing::kLength,
                         .length = body.size()};
  Result<http::Call> call = co_await client_->open(address_, spec);
  if (!call.has_value()) co_return std::unexpected(absent(call.error()));
  io::Task<Result<void>> head = send_and_read_head(*call, body);
  std::string late = url_ + " did not begin to answer within an hour";
  const Result<void> begun =
      co_await io::with_timeout(*loop_, kLongest, std::move(head), std::move(late));
  if (!begun.has_value()) co_return begun;
  const int status = call->head().status;
  std::string error;
  while (true) {
    const Result<std::string_view> piece = co_await call->read_body();
    if (!piece.has_value()) co_return std::unexpected(piece.error());
    if (piece->empty()) break;
    if (status < 400) {
      if (!on_bytes(*piece)) break;
    } else if (error.size() < 64 * 1024) {
      error.append(*piece);
    }
  }
  if (status >= 400) co_return std::unexpected(refusal(status, error));
  co_return Result<void>{};
}

}  // namespace corral::cli
