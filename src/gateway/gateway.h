// Gateway: the HTTP side. It finds out what a request is for, sends it to its engine or answers it
// itself, and records it. It owns the engines (through the Conductor), the counters and the logs.
//
// Loop thread only. The server that calls handle() goes before the gateway.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "config/config.h"
#include "gateway/access.h"
#include "gateway/admin.h"
#include "gateway/last_model.h"
#include "gateway/memory_watch.h"
#include "gateway/option_api.h"
#include "gateway/option_store.h"
#include "gateway/preload.h"
#include "gateway/proxy_session.h"
#include "gateway/sleep_watch.h"
#include "gateway/status_routes.h"
#include "http/uri.h"

namespace corral::gateway {

struct Settings {
  config::Config config;
  std::string self_exe;                  // our own binary: the worker and the guard
  std::string self_image{};              // what to execute for it; empty: self_exe
  std::string runtime_dir;               // for the workers' sockets
  std::vector<std::string> environment;  // what engines inherit from, "NAME=value"
  std::string host_name{};               // this machine's
  std::string state_folder{};            // for what is remembered; empty: nothing is
  std::string system_bus{};              // where logind is heard
  std::string version{};                 // ours
};

class Gateway {
 public:
  Gateway(io::Loop& loop, const Settings& settings);
  ~Gateway();
  Gateway(const Gateway&) = delete;
  Gateway& operator=(const Gateway&) = delete;

  // Answers one request.
  io::Task<void> handle(http::Exchange& exchange);

  // No new requests for engines; they stop when theirs are over, followers of logs are let go.
  void drain();
  // Ends the requests' engines at once.
  void stop_now() { conductor_.stop_now(); }
  // Returns when no engine is left. After drain().
  io::Task<void> stopped() { return conductor_.all_stopped(); }

 private:
  io::Task<void> route(http::Exchange& exchange, const http::Target& target);
  io::Task<void> preflight(http::Exchange& exchange);
  io::Task<void> deny(http::Exchange& exchange, Dialect dialect, Access::Denial denial);
  io::Task<void> model_request(http::Exchange& exchange, const ModelRoute& route);
  io::Task<void> upstream_request(http::Exchange& exchange, std::string_view path);
  io::Task<void> proxy(http::Exchange& exchange, RequestBody& body, const ModelRoute* route,
                       ModelIndex model, std::string target, Instant received);
  io::Task<void> tell_cancelled(http::Exchange& exchange, Dialect dialect, ModelIndex model);
  void record(const http::Exchange& exchange, const ProxySession& session, ModelIndex model);
  io::Task<void> refuse(http::Exchange& exchange, Dialect dialect, int status, std::string message);

  void reconfigure(ModelIndex model);
  MemoryWatch::World memory_world();

  io::Loop& loop_;
  const Settings settings_;
  OptionStore options_;
  LastModel last_model_;
  const config::Config config_;  // as at the start; what can be set is in options_
  const Access access_;
  Logs logs_;
  http::Client client_;
  telemetry::Counters counters_;
  SpillBudget spill_budget_;
  Conductor conductor_;
  ProxyContext context_;
  ModelStatus status_;
  Inflight inflight_;
  EventHub events_;
  Admin admin_;
  StatusRoutes status_routes_;
  OptionApi option_api_;
  Preload preload_;
  SleepWatch sleep_watch_;
  engine::MemoryGauge memory_gauge_;
  std::optional<MemoryWatch> memory_watch_;
};

}  // namespace corral::gateway
