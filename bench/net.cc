#include "net.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "clock.h"

namespace bench {
namespace {

sockaddr_in loopback(int port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<std::uint16_t>(port));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return address;
}

void set(const Fd& fd, int level, int option) {
  const int on = 1;
  if (::setsockopt(fd.get(), level, option, &on, sizeof on) != 0) die("setsockopt");
}

IoResult outcome(ssize_t n) {
  if (n > 0) return {Io::kOk, static_cast<std::size_t>(n)};
  if (n < 0 && (errno == EAGAIN || errno == EINTR)) return {Io::kWait, 0};
  return {Io::kEnd, 0};
}

}  // namespace

void die(std::string_view what) {
  std::fprintf(stderr, "%s: %.*s: %s\n", program_invocation_short_name,
               static_cast<int>(what.size()), what.data(), std::strerror(errno));
  std::exit(1);
}

Fd& Fd::operator=(Fd&& other) noexcept {
  if (this != &other) {
    close();
    fd_ = std::exchange(other.fd_, -1);
  }
  return *this;
}

void Fd::close() {
  if (fd_ >= 0) ::close(fd_);
  fd_ = -1;
}

Fd listen_on(int port) {
  Fd fd(::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!fd.is_open()) die("socket");
  set(fd, SOL_SOCKET, SO_REUSEADDR);
  const sockaddr_in address = loopback(port);
  if (::bind(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
    die("bind to 127.0.0.1:" + std::to_string(port));
  }
  if (::listen(fd.get(), 4096) != 0) die("listen");
  return fd;
}

Fd connect_to(int port) {
  Fd fd(::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!fd.is_open()) die("socket");
  set(fd, IPPROTO_TCP, TCP_NODELAY);
  const sockaddr_in address = loopback(port);
  const int connected =
      ::connect(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address);
  // That nobody listens shows again at the first write or read, where it is counted.
  if (connected != 0 && errno != EINPROGRESS && errno != ECONNREFUSED) die("connect");
  return fd;
}

Fd accept_from(const Fd& listener) {
  Fd fd(::accept4(listener.get(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC));
  if (fd.is_open()) {
    set(fd, IPPROTO_TCP, TCP_NODELAY);
  } else if (errno != EAGAIN && errno != EINTR && errno != ECONNABORTED) {
    die("accept");
  }
  return fd;
}

IoResult read_some(const Fd& fd, std::span<char> space) {
  return outcome(::recv(fd.get(), space.data(), space.size(), 0));
}

IoResult write_some(const Fd& fd, std::string_view bytes) {
  return outcome(::send(fd.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL));
}

Poller::Poller() : fd_(::epoll_create1(EPOLL_CLOEXEC)), ready_{} {
  if (!fd_.is_open()) die("epoll_create1");
}

void Poller::add(const Fd& fd, std::uint32_t events, void* owner) {
  epoll_event event{};
  event.events = events;
  event.data.ptr = owner;
  if (::epoll_ctl(fd_.get(), EPOLL_CTL_ADD, fd.get(), &event) != 0) die("epoll_ctl(ADD)");
}

void Poller::change(const Fd& fd, std::uint32_t events, void* owner) {
  epoll_event event{};
  event.events = events;
  event.data.ptr = owner;
  if (::epoll_ctl(fd_.get(), EPOLL_CTL_MOD, fd.get(), &event) != 0) die("epoll_ctl(MOD)");
}

std::span<const epoll_event> Poller::wait(std::int64_t deadline_ns) {
  timespec left{};
  const std::int64_t rest = deadline_ns < 0 ? 0 : std::max<std::int64_t>(0, deadline_ns - now_ns());
  left.tv_sec = rest / kSecond;
  left.tv_nsec = rest % kSecond;
  const int n = ::epoll_pwait2(fd_.get(), ready_, static_cast<int>(std::size(ready_)),
                               deadline_ns < 0 ? nullptr : &left, nullptr);
  if (n < 0 && errno != EINTR) die("epoll_pwait2");
  return {ready_, static_cast<std::size_t>(std::max(n, 0))};
}

}  // namespace bench
