// What both head targets hold: where a head ends does not depend on the splits, and the head that
// is accepted has nothing that another parser could see otherwise.
#pragma once

#include <algorithm>
#include <optional>
#include <string_view>

#include "base/check.h"
#include "base/strings.h"
#include "fuzz/http_oracle.h"
#include "fuzz/splits.h"
#include "http/head_parser.h"

namespace corral::fuzz {

// The head that `text` begins with, if it is whole.
inline std::optional<std::string_view> head_of(std::string_view text) {
  std::size_t seen = 0;
  const Result<std::size_t> end = http::find_head_end(text, seen);
  for_every_split(text, [&](const Pieces& pieces) {
    std::size_t looked_at = 0;
    std::size_t come = 0;
    Result<std::size_t> found = 0;
    for (const std::string_view piece : pieces) {
      come += piece.size();
      found = http::find_head_end(text.substr(0, come), looked_at);
      if (!found.has_value() || *found != 0) break;
    }
    CHECK(found.has_value() == end.has_value());
    CHECK(!found.has_value() || *found == *end);
  });
  if (!end.has_value() || *end == 0) return std::nullopt;
  return text.substr(0, *end);
}

// Written without a look at the parser: every line ends in CRLF, nothing else is a control
// character but the tab, and no line is folded or has a blank around its name.
inline void check_strict(std::string_view head, const http::Headers& headers) {
  for (std::size_t i = 0; i < head.size(); ++i) {
    const auto byte = static_cast<unsigned char>(head[i]);
    if (byte == '\r') CHECK(i + 1 < head.size() && head[i + 1] == '\n');
    if (byte == '\n') CHECK(i > 0 && head[i - 1] == '\r');
    if (byte == '\n' && i + 1 < head.size()) CHECK(head[i + 1] != ' ' && head[i + 1] != '\t');
    CHECK(byte >= 0x20 || byte == '\t' || byte == '\r' || byte == '\n');
    CHECK(byte != 0x7F);
  }
  for (const http::Header& header : headers) {
    CHECK(!header.name.empty());
    CHECK(header.name.find_first_of(" \t()<>@,;:\\\"/[]?={}") == std::string_view::npos);
    for (const char c : header.name) CHECK(c > 0x20 && c < 0x7F);
  }
}

inline std::size_t count(const http::Headers& headers, std::string_view name) {
  return static_cast<std::size_t>(std::count_if(
      headers.begin(), headers.end(),
      [&](const http::Header& header) { return equals_ignore_case(header.name, name); }));
}

// http_parser takes a name that only begins with "Transfer-Encoding" for that one, and then knows
// another framing, or refuses the head: its opinion is worth nothing there.
inline bool confuses_oracle(const http::Headers& headers) {
  constexpr std::string_view kName = "Transfer-Encoding";
  return std::any_of(headers.begin(), headers.end(), [&](const http::Header& header) {
    return header.name.size() > kName.size() &&
           equals_ignore_case(header.name.substr(0, kName.size()), kName);
  });
}

inline void check_refusal(const http::Refusal& refusal) {
  CHECK(refusal.status >= 400 && refusal.status <= 599);
  CHECK(!refusal.message.empty());
}

inline void check_same_headers(const http::Headers& ours, const Reading& theirs) {
  CHECK(ours.size() == theirs.headers.size());
  for (std::size_t i = 0; i < ours.size(); ++i) {
    CHECK(ours.all()[i].name == theirs.headers[i].first);
    CHECK(ours.all()[i].value == theirs.headers[i].second);
  }
}

// Where the two disagree on purpose about a connection's further life: http_parser heeds
// Proxy-Connection, which no standard knows, overlooks an option in a list behind one that begins
// like "upgrade" ("Upgrad, close"), and in HTTP/1.0 prefers keep-alive to close.
inline bool may_differ_on_keep_alive(const http::Headers& headers) {
  if (count(headers, "Proxy-Connection") > 0 || count(headers, "Connection") > 1) return true;
  return headers.find("Connection").value_or("").find(',') != std::string_view::npos;
}

}  // namespace corral::fuzz
