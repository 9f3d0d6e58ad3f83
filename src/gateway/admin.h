// Admin: the routes that the gateway answers itself: what models there are and how they do, load
// and unload, logs, metrics. The commands of the terminal use the same routes.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "config/config.h"
#include "gateway/conductor.h"
#include "gateway/logs.h"
#include "gateway/model_status.h"
#include "gateway/route_table.h"
#include "http/server.h"
#include "telemetry/counters.h"

namespace corral::gateway {

class Admin {
 public:
  // All outlive it.
  Admin(io::Loop& loop, const config::Config& config, Conductor& conductor,
        const ModelStatus& status, const telemetry::Counters& counters, Logs& logs);

  // Answers the request if it is for one of these routes, also with an error; false otherwise,
  // without having touched the exchange.
  io::Task<bool> handle(http::Exchange& exchange, std::string_view path, std::string_view query);

  // Followers of logs are let go.
  void drain() { draining_.set(); }

 private:
  static const OwnRoute<Admin> kRoutes[];

  io::Task<void> models(http::Exchange& exchange, std::string rest, std::string query);
  io::Task<void> running(http::Exchange& exchange, std::string rest, std::string query);
  io::Task<void> unload(http::Exchange& exchange, std::string rest, std::string query);
  io::Task<void> suspend(http::Exchange& exchange, std::string rest, std::string query);
  io::Task<void> resume(http::Exchange& exchange, std::string rest, std::string query);
  io::Task<void> load(http::Exchange& exchange, std::string rest, std::string query);
  io::Task<void> health(http::Exchange& exchange, std::string rest, std::string query);
  io::Task<void> metrics(http::Exchange& exchange, std::string rest, std::string query);
  io::Task<void> log(http::Exchange& exchange, std::string rest, std::string query);
  io::Task<void> log_stream(http::Exchange& exchange, std::string rest, std::string query);
  io::Task<void> root(http::Exchange& exchange, std::string rest, std::string query);

  // Waits for models `first`, `first` + 1, ... to end more often than `ends` says.
  io::Task<Result<void>> wait_stopped(std::vector<std::uint64_t> ends, ModelIndex first);
  io::Task<Result<void>> report_load(http::Exchange& exchange, ModelIndex model);
  io::Task<Result<void>> follow(http::Exchange& exchange, io::LogRing& ring, bool history);
  std::optional<ModelIndex> find(std::string_view name) const;
  // The log that a path names: nothing or "proxy", "upstream", or a model. nullptr for another.
  io::LogRing* find_log(std::string_view name);
  std::string state_line(ModelIndex model);

  io::Loop& loop_;
  const config::Config& config_;
  Conductor& conductor_;
  const ModelStatus& status_;
  const telemetry::Counters& counters_;
  Logs& logs_;
  io::Event draining_;
  const std::int64_t started_;  // Unix seconds
};

// The index of the model that a name (id or alias) means.
std::optional<ModelIndex> find_model(const config::Config& config, std::string_view name);

// "there is no model 'x'; did you mean 'y'?" or a list of what there is.
std::string unknown_model(const config::Config& config, std::string_view name);

}  // namespace corral::gateway
