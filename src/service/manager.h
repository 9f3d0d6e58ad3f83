// Manager: what keeps a service running on this machine, launchd or systemd, through the tool that
// comes with it. One of them is made for a command, on its loop. All steps may be repeated: what is
// done already stays done and is no failure.
//
// Each call has a deadline. A failure is one sentence: what was tried, the tool's words, and what
// to do. kUnavailable where the manager itself is not there for this user.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "io/loop.h"
#include "service/definition.h"

namespace corral::service {

// What the manager says of the service.
struct State {
  bool installed = false;          // its file is there
  bool loaded = false;             // the manager knows it
  bool running = false;            // its process runs, or is about to
  bool failed = false;             // it does not, or comes and goes, and that was no orderly end
  bool stale = false;              // the file is not the one that the manager has read
  int pid = 0;                     // 0: no process
  std::uint64_t starts_again = 0;  // since it was started, without anybody asking
  std::string words;               // in the manager's own: "active (running)"
};

class Manager {
 public:
  Manager() = default;
  Manager(const Manager&) = delete;
  Manager& operator=(const Manager&) = delete;
  virtual ~Manager() = default;

  virtual std::string_view name() const = 0;  // "launchd"
  // The path of the service's file, there or not.
  virtual const std::string& file() const = 0;
  // Fills in what this manager decides: the label, where the log goes.
  virtual void complete(Definition& definition) const = 0;
  // What the file shall hold. Fails as launchd_plist() and systemd_unit() do.
  virtual Result<std::string> text(const Definition& definition) const = 0;
  // A command that shows the log, for the person's terminal.
  virtual std::vector<std::string> log_command(bool follow) const = 0;
  // A sentence on when the service runs from now on.
  virtual std::string_view promise() const = 0;

  // Replaces the file, if it differs, has the manager take it up at each login, and has the service
  // run as it says. `text` is that of text(). Does not wait until the service answers.
  virtual io::Task<Result<void>> install(std::string text) = 0;
  // Stops it, forgets it, and removes the file. Nothing if it was not there.
  virtual io::Task<Result<void>> uninstall() = 0;
  // kNotFound for a service that is not installed, for these two.
  virtual io::Task<Result<void>> start() = 0;
  virtual io::Task<Result<void>> restart() = 0;
  // Until the next login or start(). Returns when its process is gone.
  virtual io::Task<Result<void>> stop() = 0;
  virtual io::Task<Result<State>> state() = 0;
};

// The manager of that name, "launchd" or "systemd", or if it is empty the one whose tool is on
// PATH. `environment` is that of this process, "NAME=value". kUnavailable where there is none,
// kInvalid for another name or without a home.
Result<std::unique_ptr<Manager>> find_manager(io::Loop& loop, std::string_view name,
                                              const std::vector<std::string>& environment);

}  // namespace corral::service
