#include "http/head_writer.h"

#include <algorithm>
#include <array>
#include <charconv>

#include "base/strings.h"

namespace corral::http {
namespace {

void append_number(std::string& out, std::uint64_t number) {
  std::array<char, 24> text;
  const auto end = std::to_chars(text.data(), text.data() + text.size(), number).ptr;
  out.append(text.data(), end);
}

// Whether a list with commas has this word.
bool lists(std::string_view list, std::string_view word) {
  while (!list.empty()) {
    const std::size_t comma = std::min(list.find(','), list.size());
    if (equals_ignore_case(trim(list.substr(0, comma)), word)) return true;
    list.remove_prefix(std::min(comma + 1, list.size()));
  }
  return false;
}

// A header that one of the Connection headers names is meant for this connection alone (RFC 9110,
// section 7.6.1).
bool is_named_by_connection(std::string_view name, std::span<const Header> headers) {
  return std::ranges::any_of(headers, [&](const Header& header) {
    return equals_ignore_case(header.name, "Connection") && lists(header.value, name);
  });
}

// Whether some Connection header names more than what every connection says of itself.
bool names_headers(std::span<const Header> headers) {
  return std::ranges::any_of(headers, [](const Header& header) {
    return equals_ignore_case(header.name, "Connection") &&
           !equals_ignore_case(header.value, "close") &&
           !equals_ignore_case(header.value, "keep-alive");
  });
}

Result<void> append_headers(std::string& out, std::span<const Header> headers, bool request) {
  const bool some_are_named = names_headers(headers);
  for (const Header& header : headers) {
    if (is_connection_header(header.name)) continue;
    if (some_are_named && is_named_by_connection(header.name, headers)) continue;
    if (request && equals_ignore_case(header.name, "Expect")) continue;
    if (!is_token(header.name) || !is_field_value(header.value)) {
      return fail(Code::kInvalid, "the header " + json_quote(header.name.substr(0, 64)) +
                                      " has a character that cannot stand in a header");
    }
    out.append(header.name).append(": ").append(header.value).append("\r\n");
  }
  return {};
}

void append_framing(std::string& out, const Delivery& delivery) {
  if (delivery.framing == Framing::kChunked) {
    out += "Transfer-Encoding: chunked\r\n";
  } else if (delivery.framing != Framing::kUntilClose) {
    out += "Content-Length: ";
    append_number(out, delivery.framing == Framing::kLength ? delivery.length : 0);
    out += "\r\n";
  }
}

}  // namespace

Result<void> write_response_head(std::string& out, int status, std::span<const Header> headers,
                                 const Delivery& delivery) {
  out = "HTTP/1.1 ";
  append_number(out, static_cast<std::uint64_t>(status));
  out.append(" ").append(reason_phrase(status)).append("\r\n");
  Result<void> appended = append_headers(out, headers, false);
  if (!appended.has_value()) return appended;
  const bool bodiless = status < 200 || status == 204 || status == 304;
  if (!bodiless) append_framing(out, delivery);
  if (!delivery.keep_alive) {
    out += "Connection: close\r\n";
  } else if (!delivery.http11) {
    out += "Connection: keep-alive\r\n";
  }
  out.append(delivery.more).append("\r\n");
  return {};
}

Result<void> write_request_head(std::string& out, std::string_view method, std::string_view target,
                                std::string_view host, std::span<const Header> headers,
                                const Delivery& delivery) {
  const bool clean = std::all_of(target.begin(), target.end(), [](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return byte > 0x20 && byte != 0x7F;
  });
  if (!is_token(method) || target.empty() || !clean) {
    return fail(Code::kInvalid, "the request's method or target cannot stand in a request line");
  }
  out.assign(method).append(" ").append(target).append(" HTTP/1.1\r\n");
  const bool has_host = std::any_of(headers.begin(), headers.end(), [](const Header& header) {
    return equals_ignore_case(header.name, "Host");
  });
  if (!has_host) out.append("Host: ").append(host).append("\r\n");
  Result<void> appended = append_headers(out, headers, true);
  if (!appended.has_value()) return appended;
  const bool may_omit = method != "POST" && method != "PUT" && method != "PATCH";
  if (delivery.framing != Framing::kNone || !may_omit) append_framing(out, delivery);
  out += "\r\n";
  return {};
}

std::string_view write_chunk_size(std::span<char, 20> line, std::size_t size) {
  char* end = std::to_chars(line.data(), line.data() + 16, size, 16).ptr;
  *end++ = '\r';
  *end++ = '\n';
  return std::string_view(line.data(), static_cast<std::size_t>(end - line.data()));
}

}  // namespace corral::http
