#include "config/proxy_url.h"

#include <algorithm>
#include <optional>

#include "base/ip_address.h"
#include "base/strings.h"
#include "config/mark.h"

namespace corral::config {
namespace {

bool is_visible_ascii(char c) { return c > 0x20 && c < 0x7F; }

bool is_host_character(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' ||
         c == '-' || c == '_';
}

bool is_ipv6_character(char c) {
  return (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F') || (c >= '0' && c <= '9') || c == '.' ||
         c == ':';
}

}  // namespace

Result<ProxyUrl> parse_proxy_url(std::string_view text) {
  const auto wrong = [&](const std::string& why) {
    return fail(Code::kInvalid, "the URL " + in_quotes(text) + " " + why);
  };
  constexpr const char* kForm = "is not of the form http://host:port";
  if (!std::all_of(text.begin(), text.end(), is_visible_ascii))
    return wrong("has a space or a character that is not ASCII");
  const std::size_t scheme_end = text.find("://");
  if (scheme_end == std::string_view::npos) return wrong(kForm);
  const std::string scheme = to_lower(text.substr(0, scheme_end));
  if (scheme == "https")
    return wrong("has https, which Corral does not speak to engines yet; use http");
  if (scheme != "http") return wrong(kForm);

  std::string_view rest = text.substr(scheme_end + 3);
  ProxyUrl url;
  std::string_view authority = rest.substr(0, rest.find_first_of("/?#"));
  rest.remove_prefix(authority.size());
  if (rest.find_first_of("?#") != std::string_view::npos)
    return wrong("has a query or fragment; only a path may follow the port");
  while (rest.ends_with('/')) rest.remove_suffix(1);
  url.path = rest;

  if (authority.find('@') != std::string_view::npos)
    return wrong("has a user name, which is not supported; remove it");
  const bool bracketed = authority.starts_with('[');
  const std::size_t host_end =
      bracketed ? authority.find(']') : std::min(authority.find(':'), authority.size());
  if (host_end == std::string_view::npos) return wrong("has a '[' that is not closed");
  url.host = bracketed ? authority.substr(1, host_end - 1) : authority.substr(0, host_end);
  authority.remove_prefix(host_end + (bracketed ? 1 : 0));
  const bool host_fits = std::all_of(url.host.begin(), url.host.end(),
                                     bracketed ? is_ipv6_character : is_host_character);
  if (url.host.empty() || url.host.size() > 255 || !host_fits) return wrong(kForm);
  if (!bracketed) url.host = to_lower(url.host);
  if (url.host != "localhost" && !(bracketed ? is_ip6_address(url.host) : is_ip4_address(url.host)))
    return wrong(
        "has a host that is neither localhost nor an IP address; names are not looked "
        "up, so write the address");
  if (authority.empty()) return url;
  if (authority[0] != ':') return wrong(kForm);
  const std::optional<std::uint64_t> port = parse_u64(authority.substr(1));
  if (!port.has_value() || *port < 1 || *port > 65535)
    return wrong("needs a port from 1 to 65535 behind its host");
  url.port = static_cast<std::uint16_t>(*port);
  return url;
}

}  // namespace corral::config
