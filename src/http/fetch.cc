// Client::fetch: a whole small request and its reply in one call.
#include "http/upstream.h"
#include "io/race.h"

namespace corral::http {

struct Client::Fetch {
  Address address;
  std::string method;
  std::string target;
  std::vector<std::pair<std::string, std::string>> headers;
  std::string body;
  std::size_t body_limit;
};

// `retry` tells that the pooled connection was dead before the server can have seen the request.
io::Task<Result<Client::Reply>> Client::fetch_once(const Fetch& what, bool fresh, bool& retry) {
  std::vector<Header> headers;
  for (const auto& [name, value] : what.headers) headers.push_back({name, value});
  const RequestSpec spec{.method = what.method,
                         .target = what.target,
                         .headers = headers,
                         .framing = what.body.empty() ? Framing::kNone : Framing::kLength,
                         .length = what.body.size(),
                         .fresh_connection = fresh};
  Result<Call> call = co_await open(what.address, spec);
  if (!call.has_value()) co_return std::unexpected(call.error());
  // A server that refuses a request may answer and close before it has read the body, so a failed
  // write is told only if there is no answer.
  const Result<void> sent = co_await call->end_body(what.body);
  const Result<void> head = co_await call->read_head();
  if (!head.has_value()) {
    retry = call->reused() && !call->reply_begun() && head.error().code == Code::kClosed;
    co_return std::unexpected(sent.has_value() ? head.error() : sent.error());
  }
  Reply reply{.status = call->head().status,
              .content_type = std::string(call->head().headers.find("Content-Type").value_or("")),
              .body = {}};
  while (true) {
    const Result<std::string_view> piece = co_await call->read_body();
    if (!piece.has_value()) co_return std::unexpected(piece.error());
    if (piece->empty()) co_return reply;
    if (reply.body.size() + piece->size() > what.body_limit) {
      co_return fail(Code::kLimit, "the reply to " + what.method + " " + what.target +
                                       " is larger than " + std::to_string(what.body_limit) +
                                       " bytes");
    }
    reply.body.append(*piece);
  }
}

io::Task<Result<Client::Reply>> Client::fetch_retrying(const Fetch& what) {
  bool retry = false;
  Result<Reply> reply = co_await fetch_once(what, false, retry);
  if (!retry) co_return reply;
  reply = co_await fetch_once(what, true, retry);
  co_return reply;
}

io::Task<Result<Client::Reply>> Client::fetch(
    Address address, std::string method, std::string target,
    std::vector<std::pair<std::string, std::string>> headers, std::string body, Duration timeout,
    std::size_t body_limit) {
  const Fetch what{std::move(address), std::move(method), std::move(target),
                   std::move(headers), std::move(body),   body_limit};
  std::string late = what.method + " " + what.target + ": no answer in time";
  Result<Reply> reply =
      co_await io::with_timeout<Reply>(loop_, timeout, fetch_retrying(what), std::move(late));
  co_return reply;
}

}  // namespace corral::http
