#include "base/log.h"

#include <doctest/doctest.h>

#include <string>

using namespace corral;

TEST_CASE("text from outside can neither pose as an entry nor speak to a terminal") {
  std::string seen;
  set_log_sink([&](std::string_view line) { seen += line; });
  log_info("first\n2026-01-01 forged\x1b[2J\tend");
  set_log_sink(nullptr);
  CHECK(seen.find("first\n    2026-01-01 forged?[2J\tend\n") != std::string::npos);
}
