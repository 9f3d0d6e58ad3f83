#include "gateway/access.h"

#include <algorithm>
#include <array>

#include "base/ip_address.h"
#include "base/strings.h"
#include "http/base64.h"

namespace corral::gateway {
namespace {

// What a probe of health may see without a key, as in llama-swap.
constexpr std::array<std::string_view, 3> kOpenPaths = {"/", "/health", "/favicon.ico"};

// "[::1]:8080" and "name:80" without their port and brackets.
std::string_view host_of(std::string_view authority) {
  if (authority.starts_with('[')) return authority.substr(1, authority.find(']') - 1);
  return authority.substr(0, authority.rfind(':'));
}

// The time that this takes tells nothing about where the two differ.
bool same_secret(std::string_view given, std::string_view key) {
  if (given.size() != key.size()) return false;
  unsigned char difference = 0;
  for (std::size_t i = 0; i < key.size(); ++i) {
    difference |= static_cast<unsigned char>(given[i] ^ key[i]);
  }
  return difference == 0;
}

// The text after a scheme's name and blanks ("Bearer abc"), whatever the name's case.
std::optional<std::string_view> after_scheme(std::string_view value, std::string_view scheme) {
  if (value.size() <= scheme.size() || value[scheme.size()] != ' ') return std::nullopt;
  if (!equals_ignore_case(value.substr(0, scheme.size()), scheme)) return std::nullopt;
  return trim(value.substr(scheme.size()));
}

std::string shown(std::string_view text) { return "'" + std::string(text.substr(0, 100)) + "'"; }

}  // namespace

Access::Access(AccessRules rules, std::string host_name)
    : rules_(std::move(rules)), host_name_(std::move(host_name)) {}

bool Access::is_ours(std::string_view host) const {
  // No name service stands behind an address, so no stranger can have given it its meaning.
  if (is_ip4_address(host) || is_ip6_address(host) || is_local_name(host)) return true;
  const auto same = [&](std::string_view name) { return equals_ignore_case(host, name); };
  return (!host_name_.empty() && (same(host_name_) || same(host_name_ + ".local"))) ||
         std::ranges::any_of(rules_.hosts, same);
}

// Schemes other than the web's belong to programs (editors, browser extensions): no page can claim
// them.
bool Access::trusts_page(std::string_view origin) const {
  const auto listed = [&](const std::string& rule) { return rule == "*" || rule == origin; };
  if (std::ranges::any_of(rules_.origins, listed)) return true;
  const std::size_t colon = origin.find("://");
  if (colon == std::string_view::npos) return false;
  const std::string_view scheme = origin.substr(0, colon);
  if (!equals_ignore_case(scheme, "http") && !equals_ignore_case(scheme, "https")) return true;
  return is_loopback(host_of(origin.substr(colon + 3)));
}

Access::Key Access::key_of(const http::RequestHead& head) const {
  const auto known = [&](std::string_view given) {
    return std::ranges::any_of(rules_.keys,
                               [&](const std::string& key) { return same_secret(given, key); });
  };
  const std::string_view authorization = head.headers.find("Authorization").value_or("");
  if (const auto basic = after_scheme(authorization, "Basic")) {
    const std::optional<std::string> pair = http::base64_decode(*basic);
    const std::size_t colon = pair ? pair->find(':') : std::string::npos;
    if (colon != std::string::npos) {
      return known(std::string_view(*pair).substr(colon + 1)) ? Key::kRemembered : Key::kNone;
    }
  }
  const auto bearer = after_scheme(authorization, "Bearer");
  const std::string_view given = bearer ? *bearer : head.headers.find("X-Api-Key").value_or("");
  return known(given) ? Key::kGiven : Key::kNone;
}

// Nothing if no page of somebody else's stands behind the request. What a page embeds or links to
// has no Origin, but its browser tells how far away the page is (Fetch Metadata, W3C).
std::optional<Access::Denial> Access::check_page(const http::RequestHead& head) const {
  const std::optional<std::string_view> origin = head.headers.find("Origin");
  if (origin) {
    // A page that this service itself gave is of the host that it asks.
    const std::size_t scheme = origin->find("://");
    const bool own =
        scheme != std::string_view::npos && head.headers.find("Host") == origin->substr(scheme + 3);
    if (own || trusts_page(*origin)) return std::nullopt;
    return Denial{403, "a web page of " + shown(*origin) +
                           " may not use this service; add its origin to allowedOrigins in the "
                           "config, or set apiKeys"};
  }
  const std::string_view site = head.headers.find("Sec-Fetch-Site").value_or("none");
  if (site == "none" || site == "same-origin") return std::nullopt;
  return Denial{403,
                "a web page of another site may not embed this address or lead to it; open it "
                "by typing it"};
}

std::optional<Access::Denial> Access::check(const http::RequestHead& head,
                                            std::string_view path) const {
  const bool open = std::ranges::find(kOpenPaths, path) != kOpenPaths.end();
  if (has_keys()) {
    const Key key = key_of(head);
    if (open || key == Key::kGiven) return std::nullopt;
    if (key == Key::kNone) {
      return Denial{
          401,
          "this service asks for an API key, and the request has none that it knows; send "
          "one of the config's apiKeys as 'Authorization: Bearer KEY'"};
    }
  } else {
    const std::optional<std::string_view> authority = head.headers.find("Host");
    if (authority && !is_ours(host_of(*authority))) {
      return Denial{403, "the request is for the host " + shown(*authority) +
                             ", which is not a name of this machine; add the name to allowedHosts "
                             "in the config, or use an address"};
    }
    const bool from_page = head.headers.find("Origin").has_value();
    if (open && !from_page) return std::nullopt;
  }
  return check_page(head);
}

}  // namespace corral::gateway
