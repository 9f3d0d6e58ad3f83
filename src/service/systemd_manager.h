// SystemdManager: a unit of the person's own systemd, through systemctl(1) --user. A start waits
// until the service has said that it is ready, a stop until its processes are gone.
#pragma once

#include "service/manager.h"
#include "service/tool.h"

namespace corral::service {

class SystemdManager : public Manager {
 public:
  static constexpr std::string_view kLabel = "corral";

  // `config_home` is absolute.
  SystemdManager(io::Loop& loop, const std::string& config_home,
                 std::vector<std::string> environment);

  std::string_view name() const override { return "systemd"; }
  const std::string& file() const override { return file_; }
  void complete(Definition& definition) const override;
  Result<std::string> text(const Definition& definition) const override;
  std::vector<std::string> log_command(bool follow) const override;
  std::string_view promise() const override;

  io::Task<Result<void>> install(std::string text) override;
  io::Task<Result<void>> uninstall() override;
  io::Task<Result<void>> start() override;
  io::Task<Result<void>> restart() override;
  io::Task<Result<void>> stop() override;
  io::Task<Result<State>> state() override;

 private:
  // kUnavailable where no systemd runs for this user.
  io::Task<Result<ToolResult>> systemctl(std::vector<std::string> words);
  // The same for a step that has to work; `what` is for the sentence if it does not.
  io::Task<Result<void>> step(std::string what, std::vector<std::string> words);
  // Has systemd read the file anew, and forget the unit's failures: it starts none that has failed
  // too often.
  io::Task<Result<void>> reload();
  io::Task<Result<void>> run(std::string verb);

  io::Loop& loop_;
  const std::string unit_;  // "corral.service"
  const std::string file_;
  const std::vector<std::string> environment_;
};

// What `systemctl show` says of a unit, "Property=value" on a line each.
State read_systemd_state(std::string_view shown);

}  // namespace corral::service
