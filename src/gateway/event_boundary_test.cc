#include "gateway/event_boundary.h"

#include <doctest/doctest.h>

using namespace corral::gateway;

TEST_CASE("whole events pass, at every split, and nothing is lost") {
  for (const std::string text : {"data: a\n\ndata: b\n\ndata: c\n\n",
                                 "data: a\r\n\r\nevent: x\r\ndata: b\r\n\r\n", ": ping\n\n"}) {
    for (std::size_t first = 0; first <= text.size(); ++first) {
      for (std::size_t second = first; second <= text.size(); ++second) {
        CAPTURE(first);
        CAPTURE(second);
        EventBoundary boundary;
        std::string passed;
        for (const std::string& piece :
             {text.substr(0, first), text.substr(first, second - first), text.substr(second)}) {
          passed += boundary.push(piece);
          CHECK((passed.empty() || passed.ends_with("\n\n") || passed.ends_with("\n\r\n")));
        }
        CHECK(passed == text);
        CHECK(boundary.rest().empty());
      }
    }
  }
}

TEST_CASE("the beginning of an event is held back") {
  EventBoundary boundary;
  CHECK(boundary.push("data: a\n\ndata: {\"b") == "data: a\n\n");
  CHECK(boundary.push("\":1}\n") == "");
  CHECK(boundary.rest() == "data: {\"b\":1}\n");
  CHECK(boundary.push("\n") == "data: {\"b\":1}\n\n");
}

TEST_CASE("an endless event passes in pieces and says so") {
  EventBoundary boundary;
  const std::string piece(EventBoundary::kMost, 'x');
  CHECK(boundary.push(piece).empty());
  CHECK(boundary.push(piece).size() == 2 * piece.size());
  CHECK_FALSE(boundary.at_boundary());
  CHECK(boundary.push("\n\n") == "\n\n");
  CHECK(boundary.at_boundary());
}
