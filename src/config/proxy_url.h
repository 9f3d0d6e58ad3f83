// The address of an external server, as a model's `proxy` gives it.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"

namespace corral::config {

struct ProxyUrl {
  std::string host;  // "localhost" or an IP address, IPv6 without brackets
  std::uint16_t port = 80;
  std::string path;  // empty, or "/prefix" without a last slash
};

// kInvalid, with a sentence that has no place yet: anything but http://host[:port][/path], and
// a host that would have to be looked up: connections go to IP addresses and localhost alone.
Result<ProxyUrl> parse_proxy_url(std::string_view text);

}  // namespace corral::config
