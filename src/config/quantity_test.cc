#include "config/quantity.h"

#include <doctest/doctest.h>

#include <string>

using namespace corral::config;

TEST_CASE("times are seconds, or numbers with a unit") {
  const auto ms = [](std::string_view text) {
    const auto time = to_duration(text);
    return time ? time->count() : -1;
  };
  CHECK(ms("2") == 2000);
  CHECK(ms("0") == 0);
  CHECK(ms("0.5") == 500);
  CHECK(ms("1.0005") == 1000);
  CHECK(ms("500ms") == 500);
  CHECK(ms("2s") == 2000);
  CHECK(ms("5m") == 300'000);
  CHECK(ms("1h") == 3'600'000);
  CHECK(ms("1m30s") == 90'000);
  CHECK(ms(" 1.5 s ") == 1500);
  for (const char* text : {"", "s", "-1", "5x", "1.", ".5", "1s2", "1 2", "1e3", "5S", "1.2.3",
                           "99999999999999999999", "9999999999999h", "3600000000h"}) {
    CAPTURE(std::string(text));
    CHECK(ms(text) == -1);
  }
}

TEST_CASE("sizes are bytes, or numbers with a unit") {
  CHECK(to_bytes("1000") == 1000);
  CHECK(to_bytes("8GiB") == 8ull << 30);
  CHECK(to_bytes("8G") == 8ull << 30);
  CHECK(to_bytes("8GB") == 8'000'000'000ull);
  CHECK(to_bytes("8 gb") == 8'000'000'000ull);
  CHECK(to_bytes("1.5K") == 1536);
  CHECK(to_bytes("2T") == 2ull << 40);
  CHECK(to_bytes("10 MiB") == 10ull << 20);
  for (const char* text : {"", "G", "-1", "8X", "8GiBs", "1..5G", "99999999999T", "1e9"}) {
    CAPTURE(std::string(text));
    CHECK_FALSE(to_bytes(text));
  }
}

TEST_CASE("decimal numbers have no exponent") {
  for (const char* text : {"1", "0.5", "-0.25", "+2"}) CHECK(is_decimal(text));
  for (const char* text : {"", "-", "1e3", "x", "1.", "0x10"}) CHECK_FALSE(is_decimal(text));
}
