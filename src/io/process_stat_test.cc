#include "io/process_stat.h"

#include <doctest/doctest.h>

#include <string>

using namespace corral::io;

TEST_CASE("what the kernel tells of a process is read, whatever name that has given itself") {
  const std::string rest =
      " S 41 42 43 0 -1 4194304 100 0 0 0 7 11 13 17 20 0 1 0 12345 1000000 321 184467\n";
  for (const char* name : {"corral", "a (b) c", ") R 1 1", ""}) {
    CAPTURE(name);
    const auto stat = parse_process_stat("40 (" + std::string(name) + ")" + rest);
    REQUIRE(stat.has_value());
    CHECK(stat->state == 'S');
    CHECK(stat->parent == 41);
    CHECK(stat->session == 43);
    CHECK(stat->cpu_ticks == 48);
    CHECK(stat->resident_pages == 321);
  }
}

TEST_CASE("what is no such text tells nothing") {
  CHECK_FALSE(parse_process_stat("").has_value());
  CHECK_FALSE(parse_process_stat("40 (corral) S 41").has_value());
  CHECK_FALSE(parse_process_stat("40 corral S 41 42 43").has_value());
}
