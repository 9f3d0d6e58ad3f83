// A listener of this process, for tests of who sits on a port.
#pragma once

#include <arpa/inet.h>
#include <doctest/doctest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdint>
#include <string_view>

namespace corral::engine {

// On a free port of the loopback, unless the system has no such family: then the port is 0.
class Listener {
 public:
  explicit Listener(const char* host = "127.0.0.1", bool listening = true) {
    const bool six = std::string_view(host) == "::1";
    descriptor_ = ::socket(six ? AF_INET6 : AF_INET, SOCK_STREAM, 0);
    if (descriptor_ < 0) return;
    sockaddr_in four{};
    four.sin_family = AF_INET;
    ::inet_pton(AF_INET, host, &four.sin_addr);
    sockaddr_in6 in6{};
    in6.sin6_family = AF_INET6;
    in6.sin6_addr = in6addr_loopback;
    const auto* address =
        six ? reinterpret_cast<const sockaddr*>(&in6) : reinterpret_cast<const sockaddr*>(&four);
    socklen_t size = six ? sizeof in6 : sizeof four;
    if (::bind(descriptor_, address, size) != 0) return;
    if (listening) REQUIRE(::listen(descriptor_, 8) == 0);
    sockaddr_storage bound{};
    size = sizeof bound;
    REQUIRE(::getsockname(descriptor_, reinterpret_cast<sockaddr*>(&bound), &size) == 0);
    port_ = ntohs(six ? reinterpret_cast<const sockaddr_in6*>(&bound)->sin6_port
                      : reinterpret_cast<const sockaddr_in*>(&bound)->sin_port);
  }
  Listener(const Listener&) = delete;
  Listener& operator=(const Listener&) = delete;
  ~Listener() { close(); }
  void close() {
    if (descriptor_ >= 0) ::close(descriptor_);
    descriptor_ = -1;
  }
  std::uint16_t port() const { return port_; }
  int descriptor() const { return descriptor_; }

 private:
  int descriptor_ = -1;
  std::uint16_t port_ = 0;
};

}  // namespace corral::engine
