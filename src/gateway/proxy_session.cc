#include "gateway/proxy_session.h"

#include <algorithm>
#include <iterator>

#include "base/log.h"
#include "base/strings.h"
#include "gateway/reply_error.h"

namespace corral::gateway {

// Both directions of one call. `news` is set when the reply's head has come or either has failed.
struct ProxySession::Conversation {
  explicit Conversation(io::Loop& loop) : news(loop) {}
  io::Event news;
  bool head_read = false;
  Result<void> head;
};

namespace {

// A streaming client hears from us after the first, then every further one. Most engines answer
// before the first, and then an error can still have its own status.
constexpr Duration kFirstKeepAlive = seconds(2);
constexpr Duration kKeepAlive = seconds(5);
// Between a broken connection and the kernel's word on the engine's death.
constexpr Duration kDeathNotice = seconds(1);
// How often a request that no engine has seen is tried.
constexpr int kMostUnseen = 5;

constexpr http::Header kStreamHeaders[] = {{"Content-Type", "text/event-stream"},
                                           {"Cache-Control", "no-cache"},
                                           {"X-Accel-Buffering", "no"}};

// A failed start is no fault of the request, whatever its cause.
int status_of_refusal(Code code) {
  return code == Code::kNotFound || code == Code::kInvalid ? 502 : status_of(code);
}

// An event stream must have room for an error event of ours, whatever length the engine announced.
// The reply to HEAD says what the engine's said, and no body comes.
http::Framing framing_to_client(const http::ResponseHead& head, bool events) {
  if (events) return http::Framing::kChunked;
  const bool says_length = head.headers.find("Content-Length").has_value();
  if (head.framing == http::Framing::kNone && !says_length) return http::Framing::kUntilClose;
  if (head.framing == http::Framing::kNone && head.length > 0) return http::Framing::kLength;
  const bool as_it_is =
      head.framing == http::Framing::kNone || head.framing == http::Framing::kLength;
  return as_it_is ? head.framing : http::Framing::kChunked;
}

}  // namespace

ProxySession::ProxySession(const ProxyContext& context, http::Exchange& exchange, RequestBody& body,
                           const ModelRoute* route, ModelIndex model, std::string target,
                           Instant received)
    : context_(context),
      exchange_(exchange),
      body_(body),
      route_(route),
      dialect_(route != nullptr ? route->dialect : Dialect::kOpenAi),
      model_(model),
      target_(std::move(target)) {
  timing_.received = received;
  timing_.known = context_.loop.now();
}

bool ProxySession::wants_events() const {
  return route_ != nullptr && route_->streams && body_.wants_stream();
}

telemetry::Usage ProxySession::usage() const {
  return usage_ ? usage_->usage() : telemetry::Usage{};
}

io::Task<Result<void>> ProxySession::run() {
  bool seen = false;  // by an engine that died
  for (int unseen = 0; unseen < kMostUnseen;) {
    const std::uint64_t before = context_.conductor.lives(model_);
    Ticket ticket(context_.conductor, model_, seen || unseen > 0);
    const bool granted = co_await wait_for_turn(ticket);
    if (!granted) co_return Result<void>{};
    const std::uint64_t life = context_.conductor.lives(model_);
    timing_.admitted = context_.loop.now();
    timing_.loaded = timing_.loaded || life != before;
    Outcome outcome = co_await attempt(false);
    const bool stale = outcome == Outcome::kStale;
    if (stale) outcome = co_await attempt(true);
    if (outcome == Outcome::kOver) co_return Result<void>{};
    const bool untouched = outcome == Outcome::kUnseen && !stale;
    if (!body_.whole() || (seen && !untouched)) break;
    if (untouched) {
      ++unseen;
    } else {
      seen = true;
    }
    context_.counters.replayed(model_id());
    co_await context_.conductor.end_of_life(model_, life, kDeathNotice);
  }
  std::string message = "the engine of '" + model_id() + "' ended before it answered";
  message +=
      body_.whole() ? ", again and again: " : ", and the request is too large to be sent again: ";
  co_await answer(502, message + error_);
  co_return Result<void>{};
}

// True when it is granted; otherwise the client has been told, or is gone. A client that asked for
// a stream gets comments, which every reader of event streams passes over, so that neither it nor a
// proxy on the way takes the connection for dead.
[[gnu::noinline]] io::Task<bool> ProxySession::wait_for_turn(Ticket& ticket) {
  if (!ticket.decided().is_set() && !body_.whole()) {
    const Result<void> gathered = co_await body_.gather_all();
    if (!gathered.has_value()) {
      co_await answer(status_of_request(gathered.error().code), gathered.error().message);
      co_return false;
    }
  }
  Duration pause = exchange_.begun() ? kKeepAlive : kFirstKeepAlive;
  while (true) {
    const bool decided = co_await ticket.decided().wait_for(pause);
    if (decided) break;
    if (!wants_events()) continue;
    if (!exchange_.begun()) {
      const Result<void> begun =
          co_await exchange_.begin(200, kStreamHeaders, http::Framing::kChunked);
      if (!begun.has_value()) co_return false;
    }
    const Result<void> sent = co_await exchange_.send(": waiting for the model\n\n");
    if (!sent.has_value()) co_return false;
    pause = kKeepAlive;
  }
  if (!ticket.refusal()) co_return true;
  co_await answer(status_of_refusal(ticket.refusal()->code), ticket.refusal()->message);
  co_return false;
}

std::vector<http::Header> ProxySession::request_headers() const {
  // Our own worker asks for no key, and one of ours is no other's business.
  const bool keyless =
      context_.access.has_keys() || context_.conductor.engine(model_).spec().worker;
  std::vector<http::Header> headers;
  headers.reserve(exchange_.request().headers.size());
  for (const http::Header& header : exchange_.request().headers) {
    if (equals_ignore_case(header.name, "Host") || equals_ignore_case(header.name, "Expect")) {
      continue;
    }
    if (keyless && (equals_ignore_case(header.name, "Authorization") ||
                    equals_ignore_case(header.name, "X-Api-Key"))) {
      continue;
    }
    // Usage is read from the passing bytes, so they must not be compressed.
    if (route_ != nullptr && equals_ignore_case(header.name, "Accept-Encoding")) continue;
    headers.push_back(header);
  }
  return headers;
}

ProxySession::Outcome ProxySession::lost(const http::Call& call) const {
  return call.reused() && !call.reply_begun() && body_.whole() ? Outcome::kStale : Outcome::kLost;
}

io::Task<ProxySession::Outcome> ProxySession::attempt(bool fresh) {
  const engine::Spec& spec = context_.conductor.engine(model_).spec();
  const std::string prefixed = spec.path_prefix.empty() ? "" : spec.path_prefix + target_;
  const std::string_view target = prefixed.empty() ? target_ : prefixed;
  const std::vector<http::Header> headers = request_headers();
  http::RequestSpec request{.method = exchange_.request().method,
                            .target = target,
                            .headers = headers,
                            .framing = body_.framing(),
                            .length = body_.length(),
                            .fresh_connection = fresh};
  Result<http::Call> call = co_await context_.client.open(spec.address, request);
  if (!call.has_value()) {
    error_ = call.error().message;
    co_return call.error().code == Code::kUnavailable ? Outcome::kUnseen : Outcome::kLost;
  }
  // The body may still be on its way while the reply comes back.
  Conversation talk(context_.loop);
  io::Task<void> sending = send_request(body_, *call, talk);
  sending.start();
  const Result<void> head = co_await head_of_reply(*call, talk);
  if (body_.error()) {
    const Error& error = *body_.error();
    co_await answer(status_of_request(error.code), error.message);
    co_return Outcome::kOver;
  }
  if (!head.has_value()) {
    error_ = head.error().message;
    co_return lost(*call);
  }
  Outcome outcome = co_await relay(*call);
  co_return outcome;
}

[[gnu::noinline]] io::Task<void> ProxySession::send_request(RequestBody& body, http::Call& call,
                                                            Conversation& talk) {
  const Result<void> sent = co_await body.send(call);
  if (!sent.has_value()) talk.news.set();
}

io::Task<void> ProxySession::read_head(http::Call& call, Conversation& talk) {
  talk.head = co_await call.read_head();
  talk.head_read = true;
  talk.news.set();
}

// Waits for the reply's head while the request is being sent: an engine may answer before it has
// read all. A body that breaks on our side of it ends the wait.
[[gnu::noinline]] io::Task<Result<void>> ProxySession::head_of_reply(http::Call& call,
                                                                     Conversation& talk) {
  io::Task<void> reading = read_head(call, talk);
  reading.start();
  while (!talk.head_read && !body_.error()) {
    co_await talk.news.wait();
    talk.news.clear();
  }
  co_return talk.head;
}

// The first piece of the body decides: until it is there the client has seen nothing of this reply,
// and another engine can give it.
io::Task<ProxySession::Outcome> ProxySession::relay(http::Call& call) {
  const http::ResponseHead& head = call.head();
  const Result<std::string_view> first = co_await call.read_body();
  if (!first.has_value()) {
    error_ = first.error().message;
    co_return Outcome::kLost;
  }
  timing_.first_byte = context_.loop.now();
  const UsageReader::Kind kind =
      UsageReader::kind_of(head.headers.find("Content-Type").value_or(""));
  usage_.emplace(kind);
  if (exchange_.begun()) {
    co_await pass_in_stream(call, *first);
    co_return Outcome::kOver;
  }
  const bool events = kind == UsageReader::Kind::kStream;
  const Result<void> begun = co_await begin_reply(head, events);
  if (begun.has_value()) co_await pass_body(call, *first, events);
  co_return Outcome::kOver;
}

// Which pages may see the reply is for the gateway to say, and not for the engine.
[[gnu::noinline]] io::Task<Result<void>> ProxySession::begin_reply(const http::ResponseHead& head,
                                                                   bool events) {
  std::span<const http::Header> headers = head.headers.all();
  std::vector<http::Header> kept;
  if (exchange_.request().headers.find("Origin")) {
    std::ranges::copy_if(headers, std::back_inserter(kept), [](const http::Header& header) {
      constexpr std::string_view kPrefix = "Access-Control-";
      return !equals_ignore_case(header.name.substr(0, kPrefix.size()), kPrefix);
    });
    headers = kept;
  }
  exchange_.add_header("Server-Timing", timing_.server_timing());
  const http::Framing framing = framing_to_client(head, events);
  Result<void> begun = co_await exchange_.begin(head.status, headers, framing, head.length);
  co_return begun;
}

io::Task<void> ProxySession::pass_body(http::Call& call, std::string_view first, bool events) {
  EventBoundary boundary;
  Result<std::string_view> piece = first;
  while (!piece->empty()) {
    usage_->push(*piece);
    const std::string_view whole = events ? boundary.push(*piece) : *piece;
    // The last piece and the reply's end leave in one write.
    if (call.body_done() && boundary.rest().empty()) {
      co_await exchange_.end(whole);
      co_return;
    }
    const Result<void> sent = co_await exchange_.send(whole);
    if (!sent.has_value()) co_return;
    piece = co_await call.read_body();
    if (!piece.has_value()) {
      log_warn(model_id() + ": a reply was cut short: " + piece.error().message);
      context_.counters.cut(model_id());
      if (events && boundary.at_boundary()) {
        co_await end_cut();
      } else {
        exchange_.abort();
      }
      co_return;
    }
  }
  co_await exchange_.end(boundary.rest());
}

[[gnu::noinline]] io::Task<void> ProxySession::end_cut() {
  const std::string event =
      error_event(dialect_, 502,
                  "the engine of '" + model_id() +
                      "' ended in the middle of this reply; what came before is incomplete");
  co_await exchange_.end(event);
}

// The client's stream began while the model loaded. A reply of another kind, an error most likely,
// can only be an event in it.
[[gnu::noinline]] io::Task<void> ProxySession::pass_in_stream(http::Call& call,
                                                              std::string_view first) {
  const http::ResponseHead& head = call.head();
  const bool events = UsageReader::kind_of(head.headers.find("Content-Type").value_or("")) ==
                      UsageReader::Kind::kStream;
  if (head.status == 200 && events) {
    co_await pass_body(call, first, true);
    co_return;
  }
  constexpr std::size_t kMost = 64 * 1024;
  std::string body(first.substr(0, kMost));
  while (body.size() < kMost) {
    const Result<std::string_view> piece = co_await call.read_body();
    if (!piece.has_value() || piece->empty()) break;
    body.append(piece->substr(0, kMost - body.size()));
  }
  co_await answer(head.status < 400 ? 502 : head.status, message_of_error_reply(head.status, body));
}

[[gnu::noinline]] io::Task<void> ProxySession::answer(int status, std::string message) {
  log_warn(model_id() + ": " + std::to_string(status) + " " + message);
  if (exchange_.begun()) {
    const std::string event = error_event(dialect_, status, message);
    co_await exchange_.end(event);
    co_return;
  }
  co_await reply_error(exchange_, dialect_, status, message);
}

}  // namespace corral::gateway
