#include "cli/service_client.h"

#include <array>

#include "cli/config_source.h"
#include "cli/options.h"
#include "gateway/reply_error.h"
#include "http/uri.h"

namespace corral::cli {
namespace {

// Unloading waits for running replies, loading for a large model.
constexpr Duration kLongest = std::chrono::hours(1);

}  // namespace

Result<ServiceClient> ServiceClient::make(io::Loop& loop, const std::string& url) {
  std::string chosen = url.empty() ? environment("CORRAL_URL").value_or("") : url;
  if (chosen.empty()) {
    const ListenAddress standard;
    chosen = "http://" + standard.host + ":" + std::to_string(standard.port);
  }
  const Result<http::Url> parsed = http::parse_url(chosen);
  if (!parsed.has_value()) return std::unexpected(parsed.error());
  if (parsed->tls) {
    return fail(Code::kInvalid, chosen + ": https is not supported here; use http");
  }
  http::Address address{.unix_path = {}, .host = parsed->host, .port = parsed->port};
  return ServiceClient(loop, chosen, std::move(address), parsed->prefix);
}

ServiceClient::ServiceClient(io::Loop& loop, std::string url, http::Address address,
                             std::string prefix)
    : url_(std::move(url)),
      address_(std::move(address)),
      prefix_(std::move(prefix)),
      client_(std::make_unique<http::Client>(loop)) {}

Error ServiceClient::absent(const Error& error) const {
  if (error.code != Code::kUnavailable) return error;
  return Error{Code::kUnavailable, "no service answers at " + url_ +
                                       "; start one with `corral serve`, or name another with "
                                       "--url"};
}

io::Task<Result<std::string>> ServiceClient::fetch(std::string method, std::string path) {
  Result<http::Client::Reply> reply =
      co_await client_->fetch(address_, std::move(method), prefix_ + path, {}, "", kLongest);
  if (!reply.has_value()) co_return std::unexpected(absent(reply.error()));
  if (reply->status >= 400) {
    co_return fail(Code::kInvalid, gateway::message_of_error_reply(reply->status, reply->body));
  }
  co_return std::move(reply->body);
}

io::Task<bool> ServiceClient::present() {
  const Result<http::Client::Reply> reply =
      co_await client_->fetch(address_, "GET", prefix_ + "/health", {}, "", seconds(2));
  co_return reply.has_value() && reply->status == 200;
}

io::Task<Result<void>> ServiceClient::stream(std::string method, std::string path, std::string body,
                                             std::function<bool(std::string_view)> on_bytes) {
  const std::string target = prefix_ + path;
  const std::array<http::Header, 1> headers = {{{"Content-Type", "application/json"}}};
  http::RequestSpec spec{.method = method,
                         .target = target,
                         .headers = headers,
                         .framing = http::Framing::kLength,
                         .length = body.size()};
  Result<http::Call> call = co_await client_->open(address_, spec);
  if (!call.has_value()) co_return std::unexpected(absent(call.error()));
  Result<void> done = co_await call->end_body(body);
  if (done.has_value()) done = co_await call->read_head();
  if (!done.has_value()) co_return done;
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
  if (status >= 400) {
    co_return fail(Code::kInvalid, gateway::message_of_error_reply(status, error));
  }
  co_return Result<void>{};
}

}  // namespace corral::cli
