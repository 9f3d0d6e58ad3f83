// DashboardActions: carries out what a person ordered in `corral top`, beside the drawing, and says
// what came of it. Loop thread only.
#pragma once

#include <list>
#include <string>

#include "cli/dashboard_controls.h"
#include "cli/service_client.h"
#include "io/event.h"

namespace corral::cli {

class DashboardActions {
 public:
  // Notes go to `controls`, and `changed` is set with each. Both outlive it.
  DashboardActions(io::Loop& loop, DashboardControls& controls, io::Event& changed);

  // Begins to load, unload or cancel, at the service of this address. What is under way ends with
  // this object; a load that nobody waits for any more is for the service to judge.
  void begin(Order order, std::string url);

 private:
  io::Task<void> carry_out(Order order, std::string url);
  io::Task<Result<void>> load(ServiceClient& service, std::string model);
  io::Task<Result<void>> post(ServiceClient& service, std::string path);
  void note(std::string text, bool is_error);
  void note_begun(std::string text);

  io::Loop& loop_;
  DashboardControls& controls_;
  io::Event& changed_;
  std::list<io::Task<void>> under_way_;
};

}  // namespace corral::cli
