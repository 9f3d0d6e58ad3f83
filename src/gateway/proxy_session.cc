#include "gateway/proxy_session.h"

#include "base/log.h"
#include "base/strings.h"
#include "gateway/continuation.h"

namespace corral::gateway {

// Both directions of one call. `news` is set when the reply's head has come or either has failed.
struct ProxySession::Conversation {
  explicit Conversation(io::Loop& loop) : news(loop) {}
  io::Event news;
  std::optional<engine::Load::Wait> waits;  // from the request's end to the reply's head
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
// How often a stream goes on, or would have.
constexpr int kMostContinued = 3;

// A failed start is no fault of the request, whatever its cause.
int status_of_refusal(Code code) {
  return code == Code::kNotFound || code == Code::kInvalid ? 502 : status_of(code);
}

}  // namespace

ProxySession::ProxySession(const ProxyContext& context, http::Exchange& exchange, RequestBody& body,
                           const ModelRoute* route, ModelIndex model, std::string target,
                           Instant received)
    : context_(context),
      exchange_(exchange),
      body_(body),
      route_(route),
      model_(model),
      target_(std::move(target)),
      reply_(context, exchange, route, model_id(), load(), timing_) {
  timing_.received = received;
  timing_.known = context_.loop.now();
}

bool ProxySession::wants_events() const {
  return route_ != nullptr && route_->streams && body_.wants_stream();
}

io::Task<Result<void>> ProxySession::run() {
  Tries tries;
  while (true) {
    const std::uint64_t before = context_.conductor.lives(model_);
    const bool replay = tries.seen || tries.unseen > 0 || reply_.goes_on();
    Ticket ticket(context_.conductor, model_, replay);
    const bool granted = co_await wait_for_turn(ticket);
    if (!granted) co_return Result<void>{};
    const std::uint64_t life = context_.conductor.lives(model_);
    if (!reply_.goes_on()) timing_.admitted = context_.loop.now();
    timing_.loaded = timing_.loaded || life != before;
    Outcome outcome = co_await attempt(false);
    const bool stale = outcome == Outcome::kStale;
    if (stale) outcome = co_await attempt(true);
    if (outcome == Outcome::kOver) co_return Result<void>{};
    if (outcome == Outcome::kCut || reply_.goes_on()) {
      const bool goes_on = co_await may_go_on(tries);
      if (!goes_on) co_return Result<void>{};
    } else if (!may_repeat(tries, outcome, stale)) {
      break;
    }
    co_await context_.conductor.end_of_life(model_, life, kDeathNotice);
  }
  std::string message = why_unanswered(tries);
  co_await reply_.answer(502, std::move(message));
  co_return Result<void>{};
}

[[gnu::noinline]] std::string ProxySession::why_unanswered(const Tries& tries) const {
  const engine::Engine& engine = context_.conductor.engine(model_);
  const std::string whose = "the engine of '" + model_id() + "' ";
  if (!tries.seen && tries.unseen == kMostUnseen && engine::is_running(engine.status().state)) {
    return whose + "runs, and nothing accepts connections at its address: " + error_ +
           "; check the model's `proxy`, and that its command listens there";
  }
  return whose + "ended before it answered" +
         (body_.whole() ? ", again and again: "
                        : ", and the request is too large to be sent again: ") +
         error_;
}

// Whether a request of whose reply the client has nothing is sent to another engine.
bool ProxySession::may_repeat(Tries& tries, Outcome outcome, bool stale) {
  const bool untouched = outcome == Outcome::kUnseen && !stale;
  if (!body_.whole() || (tries.seen && !untouched)) return false;
  if (!untouched) {
    tries.seen = true;
  } else if (++tries.unseen == kMostUnseen) {
    return false;
  }
  context_.counters.replayed(model_id());
  return true;
}

// Whether a stream that was cut goes on with another engine. False: the client has been told its
// end.
[[gnu::noinline]] io::Task<bool> ProxySession::may_go_on(Tries& tries) {
  const GeneratedText& generated = reply_.generated();
  Result<std::string> body = fail(Code::kLimit, "");
  if (tries.continued++ == kMostContinued) {
    body = fail(Code::kLimit, "engines ended again and again");
  } else if (!generated.obstacle().empty()) {
    body = fail(Code::kInvalid, std::string(generated.obstacle()));
  } else {
    body = body_.copy();
  }
  Result<Continuation> next = body.has_value()
                                  ? continue_request(std::move(*body), generated)
                                  : Result<Continuation>(std::unexpected(body.error()));
  if (!next.has_value()) {
    co_await reply_.end_cut(next.error().message);
    co_return false;
  }
  if (next->at_limit) {
    co_await reply_.end_at_limit();
    co_return false;
  }
  log_info(model_id() + ": a stream goes on with a new engine after " +
           std::to_string(generated.tokens()) + " tokens: " + reply_.error());
  continuation_ = std::move(next->body);
  reply_.go_on();
  co_return true;
}

// True when it is granted; otherwise the client has been told, or is gone.
[[gnu::noinline]] io::Task<bool> ProxySession::wait_for_turn(Ticket& ticket) {
  if (!ticket.decided().is_set() && !body_.whole()) {
    const Result<void> gathered = co_await body_.gather_all();
    if (!gathered.has_value()) {
      co_await reply_.answer(status_of_request(gathered.error().code), gathered.error().message);
      co_return false;
    }
  }
  Duration pause = exchange_.begun() ? kKeepAlive : kFirstKeepAlive;
  while (true) {
    const bool decided = co_await ticket.decided().wait_for(pause);
    if (decided) break;
    if (!wants_events()) continue;
    const bool sent = co_await reply_.send_comment();
    if (!sent) co_return false;
    pause = kKeepAlive;
  }
  if (!ticket.refusal()) co_return true;
  if (reply_.goes_on()) {
    co_await reply_.end_cut(ticket.refusal()->message);
  } else {
    const int status = status_of_refusal(ticket.refusal()->code);
    co_await reply_.answer(status, ticket.refusal()->message, ticket.retry_after());
  }
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
  const bool goes_on = reply_.goes_on();
  http::RequestSpec request{.method = exchange_.request().method,
                            .target = target,
                            .headers = headers,
                            .framing = goes_on ? http::Framing::kLength : body_.framing(),
                            .length = goes_on ? continuation_.size() : body_.length(),
                            .fresh_connection = fresh};
  Result<http::Call> call = co_await context_.client.open(spec.address, request);
  if (!call.has_value()) {
    error_ = call.error().message;
    co_return call.error().code == Code::kUnavailable ? Outcome::kUnseen : Outcome::kLost;
  }
  // The body may still be on its way while the reply comes back.
  Conversation talk(context_.loop);
  io::Task<void> sending = send_request(*call, talk);
  sending.start();
  const Result<void> head = co_await head_of_reply(*call, talk);
  if (body_.error()) {
    const Error& error = *body_.error();
    co_await reply_.answer(status_of_request(error.code), error.message);
    co_return Outcome::kOver;
  }
  if (!head.has_value()) {
    error_ = head.error().message;
    co_return lost(*call);
  }
  const bool remember = context_.continue_streams && wants_events();
  const ClientReply::End end = co_await reply_.relay(*call, remember);
  if (end == ClientReply::End::kOver) co_return Outcome::kOver;
  error_ = reply_.error();
  co_return end == ClientReply::End::kCut ? Outcome::kCut : Outcome::kLost;
}

[[gnu::noinline]] io::Task<void> ProxySession::send_request(http::Call& call, Conversation& talk) {
  Result<void> sent;
  if (reply_.goes_on()) {
    sent = co_await call.end_body(continuation_);
  } else {
    sent = co_await body_.send(call);
  }
  if (!sent.has_value()) {
    talk.news.set();
  } else if (!talk.head_read) {
    talk.waits.emplace(load(), route_ != nullptr);
  }
}

io::Task<void> ProxySession::read_head(http::Call& call, Conversation& talk) {
  talk.head = co_await call.read_head();
  talk.head_read = true;
  talk.waits.reset();
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

}  // namespace corral::gateway
