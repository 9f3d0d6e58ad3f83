#include "http/sse.h"

#include <doctest/doctest.h>

#include <string>

using namespace corral;
using namespace corral::http;

namespace {

// Every event as "name|data;", from two pieces.
std::string events(std::string_view raw, std::size_t split) {
  SseReader reader;
  std::string out;
  const auto note = [&](std::string_view event, std::string_view data) {
    out.append(event).append("|").append(data).append(";");
  };
  REQUIRE(reader.push(raw.substr(0, split), note).has_value());
  REQUIRE(reader.push(raw.substr(split), note).has_value());
  return out;
}

}  // namespace

TEST_CASE("events are read alike at every split, whatever ends their lines") {
  struct Case {
    std::string_view raw;
    std::string_view expected;
  };
  const Case cases[] = {
      {"data: a\n\ndata: b\n\n", "|a;|b;"},
      {"data: a\r\n\r\ndata: b\r\n\r\n", "|a;|b;"},
      {"data: a\r\rdata: b\r\r", "|a;|b;"},
      {"event: x\ndata: a\ndata: b\n\n", "x|a\nb;"},
      {": ping\n\n:\n\ndata:a\n\n", "|a;"},
      {"\xEF\xBB\xBF"
       "data: a\n\n",
       "|a;"},
      {"data\n\n", "|;"},
      {"event: x\n\ndata: a\n\n", "|a;"},
      {"id: 7\nretry: 5\nodd: x\ndata:  two\n\n", "| two;"},
      {"data: [DONE]\n\ndata: cut", "|[DONE];"},
  };
  for (const Case& c : cases) {
    CAPTURE(c.raw);
    for (std::size_t split = 0; split <= c.raw.size(); ++split) {
      CAPTURE(split);
      CHECK(events(c.raw, split) == c.expected);
    }
  }
}

TEST_CASE("a line or an event beyond the limit is an error") {
  const auto ignore = [](std::string_view, std::string_view) {};
  SseReader line(16);
  const Result<void> long_line = line.push("data: 0123456789abcdef", ignore);
  REQUIRE_FALSE(long_line.has_value());
  CHECK(long_line.error().code == Code::kLimit);
  SseReader event(16);
  CHECK_FALSE(event.push("data: 01234567\ndata: 01234567\n", ignore).has_value());
}
