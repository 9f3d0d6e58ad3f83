#include "gateway/client_reply.h"

#include <algorithm>
#include <iterator>

#include "base/log.h"
#include "base/strings.h"
#include "gateway/event_boundary.h"
#include "gateway/held_reply.h"
#include "gateway/reply_error.h"

namespace corral::gateway {
namespace {

constexpr http::Header kStreamHeaders[] = {{"Content-Type", "text/event-stream"},
                                           {"Cache-Control", "no-cache"},
                                           {"X-Accel-Buffering", "no"}};

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

telemetry::Usage ClientReply::usage() const {
  telemetry::Usage usage = usage_ ? usage_->usage() : telemetry::Usage{};
  if (!usage.known) return usage;
  usage.generated_tokens += tokens_before_;
  usage.prompt_tokens -= std::min(usage.prompt_tokens, tokens_before_);
  return usage;
}

// The first piece of the body decides: until it is there the client has seen nothing of this reply,
// and another engine can give it.
io::Task<ClientReply::End> ClientReply::relay(http::Call& call, bool remember) {
  const http::ResponseHead& head = call.head();
  Piece first;
  {
    const engine::Load::Wait waits = wait();
    first = co_await call.read_body();
  }
  load_.note_progress();
  if (!first.has_value()) {
    error_ = first.error().message;
    co_return End::kLost;
  }
  const UsageReader::Kind kind =
      UsageReader::kind_of(head.headers.find("Content-Type").value_or(""));
  const bool events = kind == UsageReader::Kind::kStream;
  usage_.emplace(kind);
  tokens_before_ = splice_ ? splice_->tokens() : 0;
  if (!goes_on()) timing_.first_byte = context_.loop.now();
  if (remember && events && !generated_ && head.status == 200 && route_ != nullptr &&
      route_->shape != StreamShape::kOther) {
    generated_.emplace(route_->shape);
  }
  if (exchange_.begun()) {
    End end = co_await relay_into_stream(call, *first, events);
    co_return end;
  }
  if (kind == UsageReader::Kind::kDocument && route_ != nullptr && !call.body_done()) {
    End end = co_await relay_held(call, *first);
    co_return end;
  }
  const Result<void> begun = co_await begin(head, events);
  if (!begun.has_value()) co_return End::kOver;
  if (events) {
    End end = co_await pass_events(call, *first);
    co_return end;
  }
  co_await pass_bytes(call, *first);
  co_return End::kOver;
}

// Which pages may see the reply is for the gateway to say, and not for the engine.
[[gnu::noinline]] io::Task<Result<void>> ClientReply::begin(const http::ResponseHead& head,
                                                            bool events) {
  std::span<const http::Header> headers = head.headers.all();
  std::vector<http::Header> kept;
  if (exchange_.request().headers.find("Origin") ||
      head.headers.find("Access-Control-Allow-Origin")) {
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

[[gnu::noinline]] io::Task<ClientReply::End> ClientReply::relay_held(http::Call& call,
                                                                     std::string_view first) {
  const Result<std::string> held = co_await hold_reply(call, load_, first);
  if (!held.has_value()) {
    error_ = held.error().message;
    co_return End::kLost;
  }
  const Result<void> begun = co_await begin(call.head(), false);
  if (begun.has_value()) co_await pass_bytes(call, *held);
  co_return End::kOver;
}

// The client's stream has begun: the model loaded for long, or this reply goes on with one that was
// cut. A reply of another kind, an error most likely, can only be an event in it.
[[gnu::noinline]] io::Task<ClientReply::End> ClientReply::relay_into_stream(http::Call& call,
                                                                            std::string_view first,
                                                                            bool events) {
  const http::ResponseHead& head = call.head();
  if (head.status == 200 && events) {
    if (goes_on()) context_.counters.continued(model_id_);
    End end = co_await pass_events(call, first);
    co_return end;
  }
  constexpr std::size_t kMost = 64 * 1024;
  std::string body(first.substr(0, kMost));
  while (body.size() < kMost) {
    const engine::Load::Wait waits = wait();
    const Piece piece = co_await call.read_body();
    if (!piece.has_value() || piece->empty()) break;
    body.append(piece->substr(0, kMost - body.size()));
  }
  std::string message = message_of_error_reply(head.status, body);
  if (goes_on()) {
    co_await end_cut("the new engine refused: " + message);
  } else {
    co_await answer(head.status < 400 ? 502 : head.status, std::move(message));
  }
  co_return End::kOver;
}

// The last piece and the reply's end leave in one write, here and below.
io::Task<void> ClientReply::pass_bytes(http::Call& call, std::string_view first) {
  Piece piece = first;
  while (!piece->empty()) {
    usage_->push(*piece);
    if (call.body_done()) {
      co_await exchange_.end(*piece);
      co_return;
    }
    const Result<void> sent = co_await exchange_.send(*piece);
    if (!sent.has_value()) co_return;
    {
      const engine::Load::Wait waits = wait();
      piece = co_await call.read_body();
    }
    load_.note_progress();
    if (!piece.has_value()) {
      error_ = piece.error().message;
      tell_cut();
      exchange_.abort();
      co_return;
    }
  }
  co_await exchange_.end();
}

io::Task<ClientReply::End> ClientReply::pass_events(http::Call& call, std::string_view first) {
  EventBoundary boundary;
  Piece piece = first;
  while (!piece->empty()) {
    usage_->push(*piece);
    std::string_view whole = boundary.push(*piece);
    if (splice_) whole = splice_->push(whole);
    if (generated_) {
      generated_->push(whole);
      streamed_tokens_ = generated_->tokens();
    }
    if (call.body_done() && boundary.rest().empty()) {
      co_await exchange_.end(whole);
      co_return End::kOver;
    }
    const Result<void> sent = co_await exchange_.send(whole);
    if (!sent.has_value()) co_return End::kOver;
    {
      const engine::Load::Wait waits = wait();
      piece = co_await call.read_body();
    }
    load_.note_progress();
    if (!piece.has_value()) {
      error_ = piece.error().message;
      End end = co_await broken(boundary.at_boundary());
      co_return end;
    }
  }
  co_await exchange_.end(boundary.rest());
  co_return End::kOver;
}

[[gnu::noinline]] io::Task<ClientReply::End> ClientReply::broken(bool at_boundary) {
  if (!at_boundary) {
    tell_cut();
    exchange_.abort();
  } else if (generated_ && generated_->done()) {
    co_await exchange_.end();
  } else if (generated_) {
    co_return End::kCut;
  } else {
    co_await end_cut({});
  }
  co_return End::kOver;
}

void ClientReply::tell_cut() {
  log_warn(model_id_ + ": a reply was cut short: " + error_);
  context_.counters.cut(model_id_);
}

[[gnu::noinline]] io::Task<void> ClientReply::end_at_limit() {
  const std::string end = gateway::end_at_limit(*generated_);
  co_await exchange_.end(end);
}

[[gnu::noinline]] io::Task<void> ClientReply::end_cut(std::string why) {
  tell_cut();
  std::string message = "the engine of '" + model_id_ + "' ended in the middle of this reply";
  message += "; what came before is incomplete";
  if (!why.empty()) message += ", and no other can go on with it: " + why;
  const std::string event = error_event(dialect(), 502, message);
  co_await exchange_.end(event);
}

[[gnu::noinline]] io::Task<bool> ClientReply::send_comment() {
  if (!exchange_.begun()) {
    const Result<void> begun =
        co_await exchange_.begin(200, kStreamHeaders, http::Framing::kChunked);
    if (!begun.has_value()) co_return false;
  }
  const Result<void> sent = co_await exchange_.send(": waiting for the model\n\n");
  co_return sent.has_value();
}

[[gnu::noinline]] io::Task<void> ClientReply::answer(int status, std::string message,
                                                     Duration retry_after) {
  log_warn(model_id_ + ": " + std::to_string(status) + " " + message);
  if (exchange_.begun()) {
    const std::string event = error_event(dialect(), status, message);
    co_await exchange_.end(event);
    co_return;
  }
  co_await reply_error(exchange_, dialect(), status, message, retry_after);
}

}  // namespace corral::gateway
