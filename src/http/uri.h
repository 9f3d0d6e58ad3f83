// Small readers of request targets and URLs.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"

namespace corral::http {

// Views into the target. The path is not decoded; the query has no '?'.
struct Target {
  std::string_view path;
  std::string_view query;
};

// "/v1/models?x=1" and "http://host/v1/models?x=1" alike. The path is at least "/".
Target split_target(std::string_view target);

// The decoded value of the first parameter of that name ("+" is a space); empty text for one
// without a value. Nothing if it is absent or its escapes are malformed.
std::optional<std::string> query_value(std::string_view query, std::string_view name);

// "http://host:port/prefix". The port is 80 or 443 if it is left out; the prefix has no slash at
// its end and is empty for the root. An IPv6 host is without its brackets.
struct Url {
  bool tls = false;
  std::string host;
  std::uint16_t port = 80;
  std::string prefix;
};

// kInvalid with a sentence for anything else: another scheme, user names, a query or a fragment.
Result<Url> parse_url(std::string_view text);

}  // namespace corral::http
