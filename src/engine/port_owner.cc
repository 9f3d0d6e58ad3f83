#include "engine/port_owner.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <string_view>

namespace corral::engine {
namespace {

constexpr int kAnswerMs = 250;
constexpr int kMostAncestors = 64;

// Programs that hold the port of a container's engine in its place.
constexpr std::array<std::string_view, 7> kPassers = {
    "docker-proxy", "rootlessport", "rootlesskit",       "conmon",
    "slirp4netns",  "pasta",        "com.docker.backend"};

class Socket {
 public:
  explicit Socket(int family) : descriptor_(::socket(family, SOCK_STREAM, 0)) {
    if (descriptor_ < 0) return;
    ::fcntl(descriptor_, F_SETFD, FD_CLOEXEC);
    ::fcntl(descriptor_, F_SETFL, O_NONBLOCK);
  }
  Socket(const Socket&) = delete;
  Socket& operator=(const Socket&) = delete;
  ~Socket() {
    if (descriptor_ >= 0) ::close(descriptor_);
  }
  int get() const { return descriptor_; }

 private:
  int descriptor_;
};

struct Address {
  sockaddr_storage storage{};
  socklen_t size = 0;
  const sockaddr* get() const { return reinterpret_cast<const sockaddr*>(&storage); }
};

// Nothing if `host` is no loopback address.
std::optional<Address> loopback(std::string host, std::uint16_t port) {
  if (host == "localhost") host = "127.0.0.1";  // as the client connects to it
  Address address;
  in_addr four{};
  in6_addr six{};
  if (::inet_pton(AF_INET, host.c_str(), &four) == 1) {
    if ((ntohl(four.s_addr) >> 24) != 127) return std::nullopt;
    sockaddr_in in{};
    in.sin_family = AF_INET;
    in.sin_addr = four;
    in.sin_port = htons(port);
    std::memcpy(&address.storage, &in, sizeof in);
    address.size = sizeof in;
    return address;
  }
  if (::inet_pton(AF_INET6, host.c_str(), &six) != 1 || !IN6_IS_ADDR_LOOPBACK(&six)) {
    return std::nullopt;
  }
  sockaddr_in6 in{};
  in.sin6_family = AF_INET6;
  in.sin6_addr = six;
  in.sin6_port = htons(port);
  std::memcpy(&address.storage, &in, sizeof in);
  address.size = sizeof in;
  return address;
}

bool answers(const Address& address) {
  const Socket socket(address.storage.ss_family);
  if (socket.get() < 0) return false;
  if (::connect(socket.get(), address.get(), address.size) == 0) return true;
  if (errno != EINPROGRESS && errno != EINTR) return false;
  pollfd wait{.fd = socket.get(), .events = POLLOUT, .revents = 0};
  if (::poll(&wait, 1, kAnswerMs) != 1) return true;  // its queue is full: somebody is there
  int error = 0;
  socklen_t size = sizeof error;
  return ::getsockopt(socket.get(), SOL_SOCKET, SO_ERROR, &error, &size) == 0 && error == 0;
}

// Connections of earlier listeners that still linger do not count.
bool is_occupied(const Address& address) {
  const Socket socket(address.storage.ss_family);
  const int on = 1;
  if (socket.get() < 0) return false;
  ::setsockopt(socket.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  return ::bind(socket.get(), address.get(), address.size) != 0 && errno == EADDRINUSE;
}

bool is_taken(const Address& address) { return answers(address) || is_occupied(address); }

bool passes_on(const PortOwner& owner) {
  // The kernel keeps fifteen letters of a name.
  return std::ranges::any_of(kPassers, [&](std::string_view name) {
    return !owner.program.empty() && name.substr(0, 15) == owner.program.substr(0, 15);
  });
}

}  // namespace

bool descends_from(int pid, int ancestor) {
  for (int i = 0; i < kMostAncestors && pid > 1; ++i) {
    if (pid == ancestor) return true;
    pid = parent_of(pid);
  }
  return false;
}

bool is_loopback(const std::string& host) { return loopback(host, 0).has_value(); }

bool is_port_taken(const std::string& host, std::uint16_t port) {
  const std::optional<Address> address = loopback(host, port);
  return address && port != 0 && is_taken(*address);
}

std::optional<PortOwner> port_owner(std::uint16_t port) {
  const Listeners found = listeners_of(port);
  return found.owners.empty() ? std::nullopt : std::optional(found.owners[0]);
}

Ours listener_is_ours(std::uint16_t port, int leader) {
  const Listeners found = listeners_of(port);
  bool some_foreign = false;
  bool some_ours = false;
  for (const PortOwner& owner : found.owners) {
    if (::getsid(owner.pid) == leader || descends_from(owner.pid, leader)) {
      some_ours = true;
    } else if (!passes_on(owner)) {
      some_foreign = true;
    }
  }
  if (some_ours && !found.some_unknown) return some_foreign ? Ours::kNo : Ours::kYes;
  if (some_foreign && !some_ours) return Ours::kNo;
  return Ours::kCannotTell;
}

std::optional<std::uint16_t> free_port(std::uint16_t from) {
  for (std::uint32_t port = std::max<std::uint32_t>(from, 1); port <= 65535; ++port) {
    const std::optional<Address> address = loopback("127.0.0.1", static_cast<std::uint16_t>(port));
    if (!is_taken(*address)) return static_cast<std::uint16_t>(port);
  }
  return std::nullopt;
}

}  // namespace corral::engine
