// ProxySession: one request's way to an engine and its reply's way back; see "Life of a request"
// in docs/architecture.md. It lives in the handler's frame: when the client leaves it is cancelled,
// and with it go its place in the queue and its connection to the engine.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "gateway/access.h"
#include "gateway/conductor.h"
#include "gateway/event_boundary.h"
#include "gateway/request_body.h"
#include "gateway/routes.h"
#include "gateway/timing.h"
#include "gateway/usage_reader.h"

namespace corral::gateway {

// What the session works with; all outlive it.
struct ProxyContext {
  io::Loop& loop;
  http::Client& client;
  Conductor& conductor;
  telemetry::Counters& counters;
  const Access& access;
};

class ProxySession {
 public:
  // `received` is when the request's head was there. `target` is the path and query for the engine,
  // without the engine's own prefix. `route` is nullptr for a request that goes to the engine as it
  // is (/upstream).
  ProxySession(const ProxyContext& context, http::Exchange& exchange, RequestBody& body,
               const ModelRoute* route, ModelIndex model, std::string target, Instant received);

  // Returns when the reply is over, or could not be. The outcome is in the exchange.
  io::Task<Result<void>> run();

  telemetry::Usage usage() const;
  // Its points are set as far as the request has come: `first_byte` only if there was one.
  const Timing& timing() const { return timing_; }

 private:
  // How one attempt at an engine ended.
  enum class Outcome {
    kOver,    // the client has its reply, or an error, or is gone
    kLost,    // the engine's connection broke before the reply's first byte
    kStale,   // the same, and the connection may just have been idle for too long
    kUnseen,  // nobody listened: no engine has seen the request
  };

  io::Task<bool> wait_for_turn(Ticket& ticket);
  struct Conversation;
  static io::Task<void> send_request(RequestBody& body, http::Call& call, Conversation& talk);
  static io::Task<void> read_head(http::Call& call, Conversation& talk);
  io::Task<Result<void>> head_of_reply(http::Call& call, Conversation& talk);
  io::Task<Outcome> attempt(bool fresh);
  io::Task<Outcome> relay(http::Call& call);
  io::Task<void> pass_body(http::Call& call, std::string_view first, bool events);
  io::Task<void> pass_in_stream(http::Call& call, std::string_view first);
  io::Task<void> end_cut();
  io::Task<void> answer(int status, std::string message);
  std::vector<http::Header> request_headers() const;
  io::Task<Result<void>> begin_reply(const http::ResponseHead& head, bool events);
  Outcome lost(const http::Call& call) const;
  // The client waits for server-sent events, as far as its body has been read.
  bool wants_events() const;
  const std::string& model_id() const { return context_.conductor.engine(model_).spec().model; }

  const ProxyContext& context_;
  http::Exchange& exchange_;
  RequestBody& body_;
  const ModelRoute* const route_;
  const Dialect dialect_;
  const ModelIndex model_;
  const std::string target_;
  std::string error_;  // of the last attempt that lost its engine
  std::optional<UsageReader> usage_;
  Timing timing_;
};

}  // namespace corral::gateway
