// An IP address and a port as the system's calls want them. For io, and for who asks the
// system about ports.
#pragma once

#include <sys/socket.h>

#include <cstdint>
#include <optional>
#include <string>

namespace corral::io {

// Nothing if `host` is neither an IPv4 nor an IPv6 address.
std::optional<sockaddr_storage> socket_address(const std::string& host, std::uint16_t port);

}  // namespace corral::io
