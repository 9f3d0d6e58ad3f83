#include "http/message.h"

#include <algorithm>
#include <array>
#include <cstring>

#include "base/strings.h"

namespace corral::http {
namespace {

constexpr std::string_view kTokenMarks = "!#$%&'*+-.^_`|~";

constexpr std::array<bool, 256> make_token_table() {
  std::array<bool, 256> table{};
  for (unsigned c = '0'; c <= '9'; ++c) table[c] = true;
  for (unsigned c = 'a'; c <= 'z'; ++c) table[c] = true;
  for (unsigned c = 'A'; c <= 'Z'; ++c) table[c] = true;
  for (const char c : kTokenMarks) table[static_cast<unsigned char>(c)] = true;
  return table;
}

constexpr std::array<bool, 256> kToken = make_token_table();

bool is_text(char c) {
  const auto byte = static_cast<unsigned char>(c);
  return (byte >= 0x20 && byte != 0x7F) || byte == '\t';
}

// False if none of the eight bytes is below 0x20 or is 0x7F. The classic arithmetic: a byte's high
// bit is set where (byte - n) borrows; bytes of 0x80 and more may be taken for one that is.
bool may_hold_control(std::uint64_t word) {
  constexpr std::uint64_t kOnes = 0x0101010101010101ULL;
  constexpr std::uint64_t kHighs = 0x8080808080808080ULL;
  return (((word - kOnes * 0x20) | (word + kOnes) | word) & kHighs) != 0;
}

}  // namespace

bool Headers::add(Header header) {
  if (list_.size() >= kMost) return false;
  list_.push_back(header);
  return true;
}

std::optional<std::string_view> Headers::find(std::string_view name) const {
  for (const Header& header : list_) {
    if (equals_ignore_case(header.name, name)) return header.value;
  }
  return std::nullopt;
}

std::string_view reason_phrase(int status) {
  switch (status) {
    case 100: return "Continue";
    case 200: return "OK";
    case 201: return "Created";
    case 202: return "Accepted";
    case 204: return "No Content";
    case 206: return "Partial Content";
    case 301: return "Moved Permanently";
    case 302: return "Found";
    case 303: return "See Other";
    case 304: return "Not Modified";
    case 307: return "Temporary Redirect";
    case 308: return "Permanent Redirect";
    case 400: return "Bad Request";
    case 401: return "Unauthorized";
    case 403: return "Forbidden";
    case 404: return "Not Found";
    case 405: return "Method Not Allowed";
    case 406: return "Not Acceptable";
    case 408: return "Request Timeout";
    case 409: return "Conflict";
    case 410: return "Gone";
    case 411: return "Length Required";
    case 412: return "Precondition Failed";
    case 413: return "Content Too Large";
    case 414: return "URI Too Long";
    case 415: return "Unsupported Media Type";
    case 416: return "Range Not Satisfiable";
    case 417: return "Expectation Failed";
    case 421: return "Misdirected Request";
    case 422: return "Unprocessable Content";
    case 429: return "Too Many Requests";
    case 431: return "Request Header Fields Too Large";
    case 499: return "Client Closed Request";
    case 500: return "Internal Server Error";
    case 501: return "Not Implemented";
    case 502: return "Bad Gateway";
    case 503: return "Service Unavailable";
    case 504: return "Gateway Timeout";
    case 505: return "HTTP Version Not Supported";
    case 507: return "Insufficient Storage";
    default: return "";
  }
}

bool is_connection_header(std::string_view name) {
  switch (name.size()) {
    case 2: return equals_ignore_case(name, "TE");
    case 7: return equals_ignore_case(name, "Trailer") || equals_ignore_case(name, "Upgrade");
    case 10:
      return equals_ignore_case(name, "Connection") || equals_ignore_case(name, "Keep-Alive");
    case 14: return equals_ignore_case(name, "Content-Length");
    case 16: return equals_ignore_case(name, "Proxy-Connection");
    case 17: return equals_ignore_case(name, "Transfer-Encoding");
    default: return false;
  }
}

bool is_token(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(),
                                      [](char c) { return kToken[static_cast<unsigned char>(c)]; });
}

bool is_field_value(std::string_view text) {
  const char* at = text.data();
  const char* const end = at + text.size();
  for (; end - at >= 8; at += 8) {
    std::uint64_t word;
    std::memcpy(&word, at, 8);
    if (!may_hold_control(word)) continue;
    if (!std::all_of(at, at + 8, is_text)) return false;
  }
  return std::all_of(at, end, is_text);
}

}  // namespace corral::http
