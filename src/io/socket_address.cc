#include "io/socket_address.h"

#include <uv.h>

namespace corral::io {

std::optional<sockaddr_storage> socket_address(const std::string& host, std::uint16_t port) {
  sockaddr_storage address{};
  const bool known =
      uv_ip4_addr(host.c_str(), port, reinterpret_cast<sockaddr_in*>(&address)) == 0 ||
      uv_ip6_addr(host.c_str(), port, reinterpret_cast<sockaddr_in6*>(&address)) == 0;
  return known ? std::optional(address) : std::nullopt;
}

}  // namespace corral::io
