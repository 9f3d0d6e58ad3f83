#include "http/head_parser.h"

#include <algorithm>
#include <cstring>

#include "base/strings.h"

namespace corral::http {
namespace {

using Refused = std::optional<Refusal>;

// What lies beyond is a negative number, or another one, to a peer that counts in fewer bits.
constexpr std::uint64_t kMaxLength = std::uint64_t{1} << 60;

// What the header fields say about the body and the connection.
struct Facts {
  std::optional<std::uint64_t> length;
  bool chunked = false;
  bool close = false;
  bool keep_alive = false;
  std::size_t hosts = 0;
  std::string_view expect;
};

std::string_view trim_blanks(std::string_view text) {
  const std::size_t first = text.find_first_not_of(" \t");
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

// Takes the next line, without its CRLF, off `text`. find_head_end has seen that each has one.
std::string_view take_line(std::string_view& text) {
  const std::size_t end = text.find('\n');
  const std::string_view line = text.substr(0, end - 1);
  text.remove_prefix(end + 1);
  return line;
}

Refused read_connection(std::string_view value, Facts& facts) {
  while (true) {
    const std::size_t comma = value.find(',');
    const std::string_view option = trim_blanks(value.substr(0, comma));
    facts.close = facts.close || equals_ignore_case(option, "close");
    facts.keep_alive = facts.keep_alive || equals_ignore_case(option, "keep-alive");
    if (comma == std::string_view::npos) return {};
    value.remove_prefix(comma + 1);
  }
}

// Parsers differ on whether a tab beside a length or a coding belongs to it.
constexpr Refused kTab = Refusal{400, "a tab stands beside a Content-Length or Transfer-Encoding"};

bool has_tab(std::string_view raw) { return raw.find('\t') != std::string_view::npos; }

Refused read_length(std::string_view value, Facts& facts) {
  if (facts.length) return Refusal{400, "the message has two Content-Length headers"};
  facts.length = parse_u64(value);
  if (!facts.length) return Refusal{400, "Content-Length is not a number"};
  if (*facts.length > kMaxLength) return Refusal{400, "Content-Length is larger than any body"};
  return {};
}

Refused read_coding(std::string_view value, Facts& facts) {
  if (facts.chunked) return Refusal{400, "the message has two Transfer-Encoding headers"};
  if (!equals_ignore_case(value, "chunked")) {
    return Refusal{501, "the only Transfer-Encoding that is understood is chunked"};
  }
  facts.chunked = true;
  return {};
}

// `raw` is the value with its blanks.
Refused note(const Header& header, std::string_view raw, Facts& facts) {
  switch (header.name.size()) {
    case 4:
      if (equals_ignore_case(header.name, "Host")) ++facts.hosts;
      break;
    case 6:
      if (equals_ignore_case(header.name, "Expect")) facts.expect = header.value;
      break;
    case 10:
      if (equals_ignore_case(header.name, "Connection"))
        return read_connection(header.value, facts);
      break;
    case 14:
      if (equals_ignore_case(header.name, "Content-Length")) {
        return has_tab(raw) ? kTab : read_length(header.value, facts);
      }
      break;
    case 17:
      if (equals_ignore_case(header.name, "Transfer-Encoding")) {
        return has_tab(raw) ? kTab : read_coding(header.value, facts);
      }
      break;
    default: break;
  }
  return {};
}

Refused parse_fields(std::string_view text, Headers& headers, Facts& facts) {
  headers.clear();
  while (true) {
    const std::string_view line = take_line(text);
    if (line.empty()) break;
    if (line[0] == ' ' || line[0] == '\t') return Refusal{400, "a header is folded over two lines"};
    const std::size_t colon = line.find(':');
    if (colon == std::string_view::npos) return Refusal{400, "a header has no colon"};
    const std::string_view raw = line.substr(colon + 1);
    const Header header{line.substr(0, colon), trim_blanks(raw)};
    if (!is_token(header.name)) return Refusal{400, "a header's name is malformed"};
    if (!is_field_value(header.value)) {
      return Refusal{400, "a header's value holds a control character"};
    }
    if (!headers.add(header)) return Refusal{431, "the message has more than 100 headers"};
    if (Refused refused = note(header, raw, facts)) return refused;
  }
  if (facts.length && facts.chunked) {
    return Refusal{400, "the message has both Content-Length and Transfer-Encoding"};
  }
  return {};
}

// "HTTP/1.1" and "HTTP/1.0" are served.
Refused parse_version(std::string_view text, bool& http11) {
  const auto digit = [&](std::size_t i) { return text[i] >= '0' && text[i] <= '9'; };
  if (text.size() != 8 || !text.starts_with("HTTP/") || !digit(5) || text[6] != '.' || !digit(7)) {
    return Refusal{400, "the first line has no HTTP version in its place"};
  }
  http11 = text[7] == '1';
  if (text[5] != '1' || text[7] > '1') {
    return Refusal{505, "this version of HTTP is not supported; use HTTP/1.1"};
  }
  return {};
}

// "host", "host:port" or "[address]:port", up to the path; user names have no place in it.
bool begins_with_host(std::string_view target) {
  constexpr std::string_view kMarks = "-._~%!$&'()*+,;=:[]";
  const std::string_view host = target.substr(0, target.find_first_of("/?"));
  return !host.empty() && host[0] != ':' && std::all_of(host.begin(), host.end(), [&](char c) {
    const auto lower = static_cast<char>(c | 0x20);
    return (lower >= 'a' && lower <= 'z') || (c >= '0' && c <= '9') ||
           kMarks.find(c) != std::string_view::npos;
  });
}

bool is_target(std::string_view target, std::string_view method) {
  const bool clean = std::all_of(target.begin(), target.end(), [](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return byte > 0x20 && byte != 0x7F && byte != '#';
  });
  // CONNECT asks for a tunnel, and an engine that granted one would be past all framing.
  if (!clean || target.empty() || method == "CONNECT") return false;
  if (target[0] == '/') return true;
  if (target == "*") return method == "OPTIONS";
  if (equals_ignore_case(target.substr(0, 7), "http://")) return begins_with_host(target.substr(7));
  return equals_ignore_case(target.substr(0, 8), "https://") && begins_with_host(target.substr(8));
}

Refused parse_request_line(std::string_view line, RequestHead& head) {
  const std::size_t first = line.find(' ');
  const std::size_t second = first == std::string_view::npos ? first : line.find(' ', first + 1);
  if (second == std::string_view::npos) return Refusal{400, "the request line is malformed"};
  head.method = line.substr(0, first);
  head.target = line.substr(first + 1, second - first - 1);
  if (!is_token(head.method)) return Refusal{400, "the request's method is malformed"};
  if (Refused refused = parse_version(line.substr(second + 1), head.http11)) return refused;
  if (!is_target(head.target, head.method))
    return Refusal{400, "the request's target is malformed"};
  return {};
}

Refused parse_status_line(std::string_view line, ResponseHead& head) {
  if (Refused refused = parse_version(line.substr(0, 8), head.http11)) return refused;
  line.remove_prefix(8);
  const bool has_status =
      line.size() >= 4 && line[0] == ' ' && (line.size() == 4 || line[4] == ' ');
  const auto status = has_status ? parse_u64(line.substr(1, 3)) : std::nullopt;
  if (!status || *status < 100) return Refusal{400, "the status line is malformed"};
  head.status = static_cast<int>(*status);
  head.reason = line.substr(std::min<std::size_t>(line.size(), 5));
  if (!is_field_value(head.reason)) return Refusal{400, "the status line is malformed"};
  return {};
}

}  // namespace

Result<std::size_t> find_head_end(std::string_view bytes, std::size_t& seen) {
  while (seen < bytes.size()) {
    const void* found = std::memchr(bytes.data() + seen, '\n', bytes.size() - seen);
    if (found == nullptr) break;
    const auto at = static_cast<std::size_t>(static_cast<const char*>(found) - bytes.data());
    seen = at + 1;
    if (at == 0 || bytes[at - 1] != '\r') {
      return fail(Code::kInvalid, "a line of the head ends in LF without CR");
    }
    if (at >= 3 && bytes[at - 2] == '\n') return at + 1;
  }
  seen = bytes.size();
  return std::size_t{0};
}

Refused parse_request_head(std::string_view text, RequestHead& head) {
  if (text.starts_with("\r\n")) text.remove_prefix(2);
  if (Refused refused = parse_request_line(take_line(text), head)) return refused;
  if (text.empty()) return Refusal{400, "the request line is malformed"};
  Facts facts;
  if (Refused refused = parse_fields(text, head.headers, facts)) return refused;
  if (facts.chunked && !head.http11) {
    return Refusal{400, "an HTTP/1.0 request cannot have a Transfer-Encoding"};
  }
  if (facts.hosts > 1) return Refusal{400, "the request has two Host headers"};
  if (facts.hosts == 0 && head.http11) return Refusal{400, "the request has no Host header"};
  head.expect_continue = false;
  if (!facts.expect.empty() && head.http11) {
    if (!equals_ignore_case(facts.expect, "100-continue")) {
      return Refusal{417, "the only Expect that is understood is 100-continue"};
    }
    head.expect_continue = true;
  }
  head.keep_alive = !facts.close && (head.http11 || facts.keep_alive);
  head.length = facts.length.value_or(0);
  head.framing = facts.chunked      ? Framing::kChunked
                 : head.length != 0 ? Framing::kLength
                                    : Framing::kNone;
  return {};
}

Refused parse_response_head(std::string_view text, bool to_head_request, ResponseHead& head) {
  if (Refused refused = parse_status_line(take_line(text), head)) return refused;
  if (text.empty()) return Refusal{400, "the status line is malformed"};
  Facts facts;
  if (Refused refused = parse_fields(text, head.headers, facts)) return refused;
  if (facts.chunked && !head.http11) {
    return Refusal{400, "an HTTP/1.0 reply cannot have a Transfer-Encoding"};
  }
  const bool announced = facts.chunked || facts.length.value_or(0) != 0;
  if (head.status < 200 && announced) return Refusal{400, "an interim reply has no body"};
  const bool bodiless =
      to_head_request || head.status < 200 || head.status == 204 || head.status == 304;
  head.length = facts.length.value_or(0);
  head.framing = bodiless           ? Framing::kNone
                 : facts.chunked    ? Framing::kChunked
                 : !facts.length    ? Framing::kUntilClose
                 : head.length == 0 ? Framing::kNone
                                    : Framing::kLength;
  // A 204 that announces a body may send one, which must not be read as the next reply.
  head.keep_alive = !facts.close && (head.http11 || facts.keep_alive) &&
                    head.framing != Framing::kUntilClose && !(head.status == 204 && announced);
  return {};
}

}  // namespace corral::http
