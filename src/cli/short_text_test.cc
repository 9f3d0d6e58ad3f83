#include "cli/short_text.h"

#include <doctest/doctest.h>

using namespace corral;
using namespace corral::cli;

TEST_CASE("an uptime is told coarsely, an age to the second below an hour") {
  struct Row {
    int seconds;
    const char* coarse;
    const char* fine;
  };
  for (const Row& row :
       {Row{-5, "0s", "0s"}, Row{0, "0s", "0s"}, Row{59, "59s", "59s"}, Row{60, "1m", "1m00s"},
        Row{3599, "59m", "59m59s"}, Row{3600, "1h00m", "1h00m"}, Row{35999, "9h59m", "9h59m"},
        Row{86399, "23h", "23h59m"}, Row{86400, "1d0h", "1d0h"}, Row{863999, "9d23h", "9d23h"},
        Row{864000, "10d", "10d"}}) {
    CHECK(coarse_age(seconds(row.seconds)) == row.coarse);
    CHECK(fine_age(seconds(row.seconds)) == row.fine);
  }
}

TEST_CASE("sizes take at most five columns") {
  struct Row {
    std::uint64_t bytes;
    const char* text;
  };
  for (const Row& row : {Row{0, "0B"}, Row{999, "999B"}, Row{1000, "1.0k"}, Row{99'949, "99.9k"},
                         Row{99'950, "100k"}, Row{812'000'000, "812M"}, Row{999'500'000, "1.0G"},
                         Row{12'345'678'901, "12.3G"}, Row{5'000'000'000'000, "5.0T"}}) {
    CHECK(short_size(row.bytes) == row.text);
  }
  CHECK(short_size(std::nullopt) == "-");
}

TEST_CASE("rates take at most five columns, and nothing is a dash") {
  CHECK(short_rate(std::nullopt) == "-");
  CHECK(short_rate(0) == "-");
  CHECK(short_rate(0.25) == "0.2");
  CHECK(short_rate(34.21) == "34.2");
  CHECK(short_rate(999.94) == "999.9");
  CHECK(short_rate(1234.5) == "1234");
  CHECK(short_rate(12'345) == "12.3k");
}
