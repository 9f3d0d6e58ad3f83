// What http_parser (Node.js's parser before llhttp) understands of the same bytes: a second opinion
// by other people. Debian builds its library without HTTP_PARSER_STRICT, so it accepts more than it
// could: it shows where a head means two things, and the targets themselves check that what we
// accept is strict.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace corral::fuzz {

struct Reading {
  std::string error;         // "HPE_..." where it stopped, empty if it did not
  std::size_t consumed = 0;  // up to the message's end, or all
  bool head_done = false;
  bool message_done = false;
  std::string method;
  std::string target;
  int status = 0;
  std::string reason;
  int http_minor = 0;
  std::vector<std::pair<std::string, std::string>> headers;  // values without blanks around them
  bool chunked = false;
  std::optional<std::uint64_t> length;
  bool keep_alive = false;
  std::string body;
};

// The first message of `bytes` only.
Reading read_request(std::string_view bytes);
Reading read_response(std::string_view bytes);

}  // namespace corral::fuzz
