// The parts of HTTP/1.1 messages that the server and the client share (RFC 9110, RFC 9112). A head
// is a set of views into the connection's buffer: it is valid as long as the exchange or the call
// that shows it.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

namespace corral::http {

struct Header {
  std::string_view name;
  std::string_view value;
};

// The header fields of one message in their order. The list's memory is kept between messages.
class Headers {
 public:
  static constexpr std::size_t kMost = 100;

  // False if there are kMost already.
  bool add(Header header);
  void clear() { list_.clear(); }

  // The first value of that name, whatever its case.
  std::optional<std::string_view> find(std::string_view name) const;

  std::size_t size() const { return list_.size(); }
  std::span<const Header> all() const { return list_; }
  auto begin() const { return list_.begin(); }
  auto end() const { return list_.end(); }

 private:
  std::vector<Header> list_;
};

// How the end of a body is known.
enum class Framing {
  kNone,        // there is no body
  kLength,      // Content-Length says it
  kChunked,     // the chunk of size zero
  kUntilClose,  // the connection's end; replies only
};

struct RequestHead {
  std::string_view method;
  std::string_view target;  // as sent: "/path?query", "http://host/path" or "*"
  Headers headers;
  bool http11 = true;
  bool keep_alive = true;  // what the client wishes
  Framing framing = Framing::kNone;
  std::uint64_t length = 0;  // of the body with kLength
  bool expect_continue = false;
};

struct ResponseHead {
  int status = 0;
  std::string_view reason;
  Headers headers;
  bool http11 = true;
  bool keep_alive = true;
  Framing framing = Framing::kNone;
  // With kLength. Of a reply to HEAD it is what Content-Length says, though no body comes.
  std::uint64_t length = 0;
};

// "Not Found" for 404; empty for a status that has no name.
std::string_view reason_phrase(int status);

// A header that speaks about one connection only (Connection, Transfer-Encoding, Content-Length and
// their like). The writers make these themselves and leave out those that a caller passes, so that
// a proxy can pass on the headers of the other side as they are.
bool is_connection_header(std::string_view name);

// A method or header name: one or more of the characters that RFC 9110 calls tchar.
bool is_token(std::string_view text);
// What may stand in a header's value: no control characters but the tab.
bool is_field_value(std::string_view text);

}  // namespace corral::http
