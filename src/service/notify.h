// Notifier: tells the service manager that started us how we are, as systemd's sd_notify(3) does: a
// datagram with "READY=1" and the like to the socket that NOTIFY_SOCKET names. Where nobody wants
// to know, every call does nothing.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "io/loop.h"

namespace corral::service {

class Notifier {
 public:
  // Nobody wants to know.
  Notifier() = default;

  // From NOTIFY_SOCKET (a path, or "@name" of an abstract socket) and WATCHDOG_USEC, which counts
  // only if WATCHDOG_PID is us or is not there. kInvalid with a sentence if they make no sense.
  static Result<Notifier> from(
      const std::function<std::optional<std::string>(std::string_view)>& environment);

  // Whether somebody wants to know.
  bool wanted() const { return !socket_.empty(); }
  // How often the manager wants to hear of us at least; zero: it does not wait for that.
  Duration watchdog() const { return watchdog_; }

  // Sends "NAME=value" lines without waiting. kUnavailable if the manager's queue is full: again
  // later. kIo if it is not there.
  Result<void> send(std::string_view lines) const;

 private:
  std::string socket_;  // with NUL at its start for an abstract one
  Duration watchdog_{};
};

// Removes what the Notifier was made from out of this process's environment, so that no engine
// takes it for its own (podman, for one, would). Before there are threads.
void forget_notify_environment();

// READY=1 with a sentence for `systemctl status`, again and again until it is taken, and from then
// on WATCHDOG=1 twice in the time that the manager waits: this runs on the loop, so a loop that is
// stuck falls silent. Runs until it is cancelled; a failure is told in the log once. `notifier`
// outlives the task.
io::Task<void> keep_notified(io::Loop& loop, const Notifier& notifier, std::string status);

}  // namespace corral::service
