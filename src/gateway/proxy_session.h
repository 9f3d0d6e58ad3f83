// ProxySession: one request's way to an engine, and to another when that one dies; see "Life of a
// request" in docs/architecture.md. The reply's way back is ClientReply's. It lives in the
// handler's frame: when the client leaves it is cancelled, and with it go its place in the queue
// and its connection to the engine.
#pragma once

#include <string>
#include <vector>

#include "gateway/client_reply.h"
#include "gateway/proxy_context.h"
#include "gateway/request_body.h"
#include "gateway/routes.h"
#include "gateway/timing.h"

namespace corral::gateway {

class ProxySession {
 public:
  // `received` is when the request's head was there. `target` is the path and query for the engine,
  // without the engine's own prefix. `route` is nullptr for a request that goes to the engine as it
  // is (/upstream).
  ProxySession(const ProxyContext& context, http::Exchange& exchange, RequestBody& body,
               const ModelRoute* route, ModelIndex model, std::string target, Instant received);

  // Returns when the reply is over, or could not be. The outcome is in the exchange.
  io::Task<Result<void>> run();

  telemetry::Usage usage() const { return reply_.usage(); }
  const std::uint64_t& streamed_tokens() const { return reply_.streamed_tokens(); }
  // Its points are set as far as the request has come: `first_byte` only if there was one.
  const Timing& timing() const { return timing_; }

 private:
  // How one attempt at an engine ended.
  enum class Outcome {
    kOver,    // the client has its reply, or an error, or is gone
    kCut,     // the engine's connection broke in the middle of a stream that may go on
    kLost,    // it broke before the client had anything of the reply
    kStale,   // the same, and the connection may just have been idle for too long
    kUnseen,  // nobody listened: no engine has seen the request
  };
  // What has been tried.
  struct Tries {
    bool seen = false;  // by an engine that died
    int unseen = 0;
    int continued = 0;
  };

  io::Task<bool> wait_for_turn(Ticket& ticket);
  struct Conversation;
  io::Task<void> send_request(http::Call& call, Conversation& talk);
  static io::Task<void> read_head(http::Call& call, Conversation& talk);
  io::Task<Result<void>> head_of_reply(http::Call& call, Conversation& talk);
  io::Task<Outcome> attempt(bool fresh);
  io::Task<bool> may_go_on(Tries& tries);
  bool may_repeat(Tries& tries, Outcome outcome, bool stale);
  std::string why_unanswered(const Tries& tries) const;
  std::vector<http::Header> request_headers() const;
  Outcome lost(const http::Call& call) const;
  // The client waits for server-sent events, as far as its body has been read.
  bool wants_events() const;
  engine::Load& load() const { return context_.conductor.engine(model_).load(); }
  const std::string& model_id() const { return context_.conductor.engine(model_).spec().model; }

  const ProxyContext& context_;
  http::Exchange& exchange_;
  RequestBody& body_;
  const ModelRoute* const route_;
  const ModelIndex model_;
  const std::string target_;
  std::string error_;         // of the last attempt that lost its engine
  std::string continuation_;  // what a new engine is asked instead of body_, if anything
  Timing timing_;
  ClientReply reply_;
};

}  // namespace corral::gateway
