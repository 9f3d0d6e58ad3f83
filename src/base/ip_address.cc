#include "base/ip_address.h"

#include <arpa/inet.h>

#include <array>
#include <string>

#include "base/strings.h"

namespace corral {
namespace {

bool parses(int family, std::string_view text) {
  const std::string whole(text.substr(0, 64));  // longer than any address
  std::array<unsigned char, 16> bytes;
  return ::inet_pton(family, whole.c_str(), bytes.data()) == 1;
}

}  // namespace

bool is_ip4_address(std::string_view text) { return parses(AF_INET, text); }

bool is_ip6_address(std::string_view text) { return parses(AF_INET6, text); }

bool is_local_name(std::string_view text) {
  constexpr std::string_view kName = "localhost";
  if (text.size() <= kName.size()) return equals_ignore_case(text, kName);
  const std::string_view end = text.substr(text.size() - kName.size());
  return equals_ignore_case(end, kName) && text[text.size() - kName.size() - 1] == '.' &&
         text.size() > kName.size() + 1;
}

bool is_loopback(std::string_view host) {
  return is_local_name(host) || host == "::1" || (host.starts_with("127.") && is_ip4_address(host));
}

}  // namespace corral
