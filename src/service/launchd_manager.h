// LaunchdManager: a user agent of launchd, in the domain of the person's login ("gui/UID"), through
// launchctl(1).
//
// bootout is asynchronous: the job lingers until its process is gone, and a bootstrap meanwhile
// fails with 5, "Input/output error". So whoever unloads asks `print` until that fails. The
// statuses are errno's numbers; those that say that a step is done already are no failures.
#pragma once

#include "service/manager.h"
#include "service/tool.h"

namespace corral::service {

class LaunchdManager : public Manager {
 public:
  static constexpr std::string_view kLabel = "local.corral";

  // `home` is absolute.
  LaunchdManager(io::Loop& loop, const std::string& home, unsigned uid,
                 std::vector<std::string> environment);

  std::string_view name() const override { return "launchd"; }
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
  io::Task<Result<ToolResult>> launchctl(std::vector<std::string> words);
  // `launchctl print` of the job; nothing if launchd does not know it.
  io::Task<Result<std::optional<std::string>>> print();
  io::Task<Result<bool>> loaded();
  // Enables it, makes it known, and sees that it runs; leaves one alone that does.
  io::Task<Result<void>> load();
  io::Task<Result<void>> bootstrap();
  // Until the job is gone.
  io::Task<Result<void>> unload();
  void turn_log() const;

  io::Loop& loop_;
  const std::string file_;
  const std::string log_;
  const std::string domain_;  // "gui/501"
  const std::string target_;  // "gui/501/local.corral"
  const std::vector<std::string> environment_;
};

// What `launchctl print` says of a job; its text has no promise, so what is missing is left out.
State read_launchd_state(std::string_view printed);

}  // namespace corral::service
