#include "engine/port_owner.h"

#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <string_view>

#include "base/descriptor.h"
#include "base/ip_address.h"
#include "engine/process_usage.h"
#include "engine/program_file.h"
#include "io/socket_address.h"

namespace corral::engine {
namespace {

constexpr int kAnswerMs = 250;
constexpr int kMostAncestors = 64;

// Programs that hold the port of a container's engine in its place.
constexpr std::array<std::string_view, 7> kPassers = {
    "docker-proxy", "rootlessport", "rootlesskit",       "conmon",
    "slirp4netns",  "pasta",        "com.docker.backend"};

struct Address {
  sockaddr_storage storage{};
  socklen_t size = 0;
  const sockaddr* get() const { return reinterpret_cast<const sockaddr*>(&storage); }
};

// Nothing if `host` is no loopback address.
std::optional<Address> loopback(const std::string& host, std::uint16_t port) {
  if (!is_loopback(host)) return std::nullopt;
  const std::string address = is_local_name(host) ? "127.0.0.1" : host;  // as the client does
  const std::optional<sockaddr_storage> storage = io::socket_address(address, port);
  if (!storage) return std::nullopt;
  const bool six = storage->ss_family == AF_INET6;
  const std::size_t size = six ? sizeof(sockaddr_in6) : sizeof(sockaddr_in);
  return Address{*storage, static_cast<socklen_t>(size)};
}

Descriptor socket_for(const Address& address) {
  Descriptor socket(::socket(address.storage.ss_family, SOCK_STREAM, 0));
  if (!socket.is_open()) return socket;
  ::fcntl(socket.get(), F_SETFD, FD_CLOEXEC);
  ::fcntl(socket.get(), F_SETFL, O_NONBLOCK);
  return socket;
}

bool answers(const Address& address) {
  const Descriptor socket = socket_for(address);
  if (!socket.is_open()) return false;
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
  const Descriptor socket = socket_for(address);
  const int on = 1;
  if (!socket.is_open()) return false;
  ::setsockopt(socket.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  return ::bind(socket.get(), address.get(), address.size) != 0 && errno == EADDRINUSE;
}

bool is_taken(const Address& address) { return answers(address) || is_occupied(address); }

bool belongs_to(const PortOwner& owner, int leader) {
  return ::getsid(owner.pid) == leader || descends_from(owner.pid, leader);
}

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

bool is_port_taken(const std::string& host, std::uint16_t port) {
  const std::optional<Address> address = loopback(host, port);
  return address && port != 0 && is_taken(*address);
}

std::string words_of(const PortOwner& owner) {
  const std::string program = owner.program.empty() ? "another program" : owner.program;
  return program + " (pid " + std::to_string(owner.pid) + ")";
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
    if (belongs_to(owner, leader)) {
      some_ours = true;
    } else if (!passes_on(owner)) {
      some_foreign = true;
    }
  }
  if (some_ours && !found.some_unknown) return some_foreign ? Ours::kNo : Ours::kYes;
  if (some_foreign && !some_ours) return Ours::kNo;
  return Ours::kCannotTell;
}

std::optional<PortOwner> stranger_at(std::uint16_t port, int leader) {
  const Listeners found = listeners_of(port);
  if (found.some_unknown || found.owners.empty()) return std::nullopt;
  for (const PortOwner& owner : found.owners) {
    if (belongs_to(owner, leader) || passes_on(owner) || lineage_is_lost(owner.pid))
      return std::nullopt;
  }
  const std::vector<int> processes = processes_of({.leader = leader});
  const bool by_others =
      std::ranges::any_of(processes, [](int pid) { return runs_elsewhere(program_of(pid)); });
  return by_others ? std::nullopt : std::optional(found.owners[0]);
}

std::optional<std::uint16_t> free_port(std::uint16_t from) {
  for (std::uint32_t port = std::max<std::uint32_t>(from, 1); port <= 65535; ++port) {
    const std::optional<Address> address = loopback("127.0.0.1", static_cast<std::uint16_t>(port));
    if (!is_taken(*address)) return static_cast<std::uint16_t>(port);
  }
  return std::nullopt;
}

}  // namespace corral::engine
