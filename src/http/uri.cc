#include "http/uri.h"

#include <algorithm>

#include "base/strings.h"

namespace corral::http {
namespace {

std::optional<std::string> decode_form(std::string_view text) {
  std::string spaced(text);
  std::replace(spaced.begin(), spaced.end(), '+', ' ');
  return percent_decode(spaced);
}

}  // namespace

Target split_target(std::string_view target) {
  if (!target.starts_with('/')) {
    const std::size_t scheme = target.find("://");
    if (scheme != std::string_view::npos) {
      const std::size_t path = target.find_first_of("/?", scheme + 3);
      target = path == std::string_view::npos ? "/" : target.substr(path);
    }
  }
  const std::size_t mark = target.find('?');
  const std::string_view path = target.substr(0, mark);
  return Target{path.empty() ? "/" : path,
                mark == std::string_view::npos ? "" : target.substr(mark + 1)};
}

std::optional<std::string> query_value(std::string_view query, std::string_view name) {
  while (!query.empty()) {
    const std::size_t end = query.find('&');
    const std::string_view pair = query.substr(0, end);
    const std::size_t equals = pair.find('=');
    if (decode_form(pair.substr(0, equals)) == name) {
      return equals == std::string_view::npos ? "" : decode_form(pair.substr(equals + 1));
    }
    if (end == std::string_view::npos) break;
    query.remove_prefix(end + 1);
  }
  return std::nullopt;
}

Result<Url> parse_url(std::string_view text) {
  const auto wrong = [&](std::string_view why) {
    return fail(Code::kInvalid, "the URL " + json_quote(text) + " " + std::string(why) +
                                    "; write http://host:port/path");
  };
  Url url;
  std::string_view rest = text;
  if (equals_ignore_case(rest.substr(0, 7), "http://")) {
    rest.remove_prefix(7);
  } else if (equals_ignore_case(rest.substr(0, 8), "https://")) {
    rest.remove_prefix(8);
    url.tls = true;
    url.port = 443;
  } else {
    return wrong("begins with neither http:// nor https://");
  }
  const bool clean =
      std::all_of(rest.begin(), rest.end(), [](char c) { return c > ' ' && c < 127; });
  if (!clean || rest.find_first_of("?#@\\") != std::string_view::npos) {
    return wrong("has a part that does not belong here");
  }
  const std::size_t slash = rest.find('/');
  std::string_view authority = rest.substr(0, slash);
  std::string_view prefix = slash == std::string_view::npos ? "" : rest.substr(slash);
  while (prefix.ends_with('/')) prefix.remove_suffix(1);
  const bool bracket = authority.starts_with('[');
  const std::size_t host_end = bracket ? authority.find(']') : authority.find(':');
  if (bracket && host_end == std::string_view::npos) return wrong("has no end of its IPv6 address");
  url.host = authority.substr(bracket ? 1 : 0, bracket ? host_end - 1 : host_end);
  if (url.host.empty()) return wrong("has no host");
  std::string_view port;
  if (host_end != std::string_view::npos) port = authority.substr(host_end + (bracket ? 1 : 0));
  if (!port.empty()) {
    const auto number = port[0] == ':' ? parse_u64(port.substr(1)) : std::nullopt;
    if (!number || *number == 0 || *number > 65535) return wrong("has a malformed port");
    url.port = static_cast<std::uint16_t>(*number);
  }
  url.prefix = prefix;
  return url;
}

}  // namespace corral::http
