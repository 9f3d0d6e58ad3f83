// OptionApi: the routes that list and change the options of a model while Corral runs.
//
//   GET  /api/models/options/MODEL   what is in force, and where each comes from
//   POST /api/models/set/MODEL       {"KEY": VALUE, ...}; null resets one
//   POST /api/models/reset/MODEL     ["KEY", ...], or nothing for all that was set
//
// A set and a reset answer with `message`, a sentence for people: a change takes effect when the
// engine starts the next time. With ?restart the engine is unloaded as soon as it is idle, if it
// runs with other options.
#pragma once

#include <functional>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>

#include "gateway/conductor.h"
#include "gateway/option_store.h"
#include "gateway/route_table.h"

namespace corral::gateway {

class OptionApi {
 public:
  // `changed` is called after a model's options changed, before the reply; then the conductor is
  // asked how the engine does. All outlive it.
  OptionApi(OptionStore& store, Conductor& conductor, std::function<void(ModelIndex)> changed);

  // Answers the request if it is for one of these routes, also with an error; false otherwise,
  // without having touched the exchange.
  io::Task<bool> handle(http::Exchange& exchange, std::string_view path, std::string_view query);

 private:
  static const OwnRoute<OptionApi> kRoutes[];

  // `rest` is the model's name.
  io::Task<void> list(http::Exchange& exchange, std::string rest, std::string query);
  io::Task<void> set(http::Exchange& exchange, std::string rest, std::string query);
  io::Task<void> reset(http::Exchange& exchange, std::string rest, std::string query);

  using Parse = Result<Changes> (OptionApi::*)(std::string_view body, const std::string& id) const;
  Result<Changes> changes_of_set(std::string_view body, const std::string& id) const;
  Result<Changes> changes_of_reset(std::string_view body, const std::string& id) const;
  io::Task<void> change(http::Exchange& exchange, std::string name, bool restart, Parse parse);
  io::Task<void> reply(http::Exchange& exchange, ModelIndex model, std::string message);
  std::string sentence(ModelIndex model, const Changes& changes, bool restart) const;
  nlohmann::ordered_json options_of(ModelIndex model) const;

  OptionStore& store_;
  Conductor& conductor_;
  const std::function<void(ModelIndex)> changed_;
};

}  // namespace corral::gateway
