// StatusRoutes: how the service does, for people and programs that watch it. The status of models,
// the stream of events, the requests in flight and their cancelling, the version.
#pragma once

#include <string>

#include "gateway/events.h"
#include "gateway/route_table.h"

namespace corral::gateway {

class StatusRoutes {
 public:
  // All outlive it.
  StatusRoutes(io::Loop& loop, const config::Config& config, const ModelStatus& status,
               EventHub& hub, Inflight& inflight, std::string version);

  // As Admin::handle.
  io::Task<bool> handle(http::Exchange& exchange, std::string_view path, std::string_view query);

  // Listeners are let go.
  void drain() { draining_.set(); }

 private:
  static const OwnRoute<StatusRoutes> kRoutes[];

  io::Task<void> status(http::Exchange& exchange, std::string rest, std::string query);
  io::Task<void> events(http::Exchange& exchange, std::string rest, std::string query);
  io::Task<void> requests(http::Exchange& exchange, std::string rest, std::string query);
  io::Task<void> cancel(http::Exchange& exchange, std::string rest, std::string query);
  io::Task<void> version(http::Exchange& exchange, std::string rest, std::string query);
  io::Task<Result<void>> stream(http::Exchange& exchange);

  io::Loop& loop_;
  const config::Config& config_;
  const ModelStatus& status_;
  EventHub& hub_;
  Inflight& inflight_;
  const std::string version_;
  io::Event draining_;
};

}  // namespace corral::gateway
