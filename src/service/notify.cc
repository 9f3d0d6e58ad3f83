#include "service/notify.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstddef>
#include <cstdlib>
#include <cstring>

#include "base/descriptor.h"
#include "base/log.h"
#include "base/strings.h"

namespace corral::service {
namespace {

constexpr Duration kAgain = milliseconds(100);

std::unexpected<Error> failure(Code code, const std::string& what) {
  return fail(code, "telling the service manager how we are: " + what);
}

}  // namespace

Result<Notifier> Notifier::from(
    const std::function<std::optional<std::string>(std::string_view)>& environment) {
  Notifier notifier;
  std::string socket = environment("NOTIFY_SOCKET").value_or("");
  if (socket.empty()) return notifier;
  if (!socket.starts_with('/') && !socket.starts_with('@')) {
    return failure(Code::kInvalid, "NOTIFY_SOCKET is " + json_quote(socket) +
                                       ", which is neither a path nor an abstract socket");
  }
  if (socket.size() < 2 || socket.size() >= sizeof(sockaddr_un::sun_path)) {
    return failure(Code::kInvalid,
                   "no socket can have the name in NOTIFY_SOCKET, " + json_quote(socket));
  }
  if (socket.starts_with('@')) socket[0] = '\0';
  notifier.socket_ = std::move(socket);
  const std::string pid = environment("WATCHDOG_PID").value_or("");
  const std::string time = environment("WATCHDOG_USEC").value_or("");
  if (time.empty() || (!pid.empty() && pid != std::to_string(::getpid()))) return notifier;
  const std::optional<std::uint64_t> micros = parse_u64(time);
  constexpr std::uint64_t kMost = 1'000'000ULL * 3600 * 24;  // a longer one is as good as none
  if (!micros || *micros == 0 || *micros > kMost) {
    return failure(Code::kInvalid, "WATCHDOG_USEC is no time: " + json_quote(time));
  }
  notifier.watchdog_ = std::chrono::microseconds(*micros);
  return notifier;
}

Result<void> Notifier::send(std::string_view lines) const {
  if (!wanted()) return {};
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::memcpy(address.sun_path, socket_.data(), socket_.size());
  const Descriptor socket(::socket(AF_UNIX, SOCK_DGRAM, 0));
  if (!socket.is_open()) return failure(Code::kIo, std::strerror(errno));
  if (::fcntl(socket.get(), F_SETFD, FD_CLOEXEC) != 0) {
    return failure(Code::kIo, std::strerror(errno));
  }
  // An abstract name ends where the address does; a path with a NUL.
  const std::size_t size =
      offsetof(sockaddr_un, sun_path) + socket_.size() + (socket_.starts_with('\0') ? 0U : 1U);
  ssize_t sent = -1;
  do {
    sent = ::sendto(socket.get(), lines.data(), lines.size(), MSG_DONTWAIT,
                    reinterpret_cast<const sockaddr*>(&address), static_cast<socklen_t>(size));
  } while (sent < 0 && errno == EINTR);
  if (sent >= 0) return {};
  const bool full = errno == EAGAIN || errno == EWOULDBLOCK || errno == ENOBUFS;
  return failure(full ? Code::kUnavailable : Code::kIo, std::strerror(errno));
}

void forget_notify_environment() {
  for (const char* name : {"NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID"}) ::unsetenv(name);
}

io::Task<void> keep_notified(io::Loop& loop, const Notifier& notifier, std::string status) {
  if (!notifier.wanted()) co_return;
  std::string lines = "READY=1\nSTATUS=" + status;
  bool told = false;
  while (true) {
    const Result<void> sent = notifier.send(lines);
    if (!sent.has_value() && !told) {
      log_warn(sent.error().message);
      told = true;
    }
    if (sent.has_value()) {
      if (notifier.watchdog() == Duration{}) co_return;
      lines = "WATCHDOG=1";
      told = false;
    }
    const Duration half = notifier.watchdog() / 2;
    co_await io::sleep(loop, sent.has_value() ? half : kAgain);
  }
}

}  // namespace corral::service
