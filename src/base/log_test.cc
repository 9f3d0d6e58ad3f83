#include "base/log.h"

#include <doctest/doctest.h>

#include <regex>
#include <string>
#include <thread>
#include <vector>

using namespace corral;

TEST_CASE("text from outside can neither pose as an entry nor speak to a terminal") {
  std::string seen;
  set_log_sink([&](std::string_view line) { seen += line; });
  log_info("first\n2026-01-01 forged\x1b[2J\tend");
  set_log_sink(nullptr);
  CHECK(seen.find("first\n    2026-01-01 forged?[2J\tend\n") != std::string::npos);
}

TEST_CASE("a line begins with its time to the millisecond and its level") {
  std::string seen;
  set_log_sink([&](std::string_view line) { seen += line; });
  log_info("words");
  log_warn("words");
  set_log_sink(nullptr);
  const std::regex line(R"(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{3} info words\n)"
                        R"(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{3} warning words\n)");
  CHECK(std::regex_match(seen, line));
}

// Under ThreadSanitizer this is also the proof that the log is right for threads.
TEST_CASE("lines of many threads come whole while the sink and the gathering change") {
  constexpr int kThreads = 4;
  constexpr int kLines = 25;
  int whole = 0;
  const auto count = [&](std::string_view line) {
    whole += line.ends_with("a line of a thread\n") ? 1 : 0;
  };
  set_log_sink(count);
  std::vector<std::thread> threads;
  for (int i = 0; i < kThreads; ++i) {
    threads.emplace_back([] {
      for (int line = 0; line < kLines; ++line) log_info("a line of a thread");
    });
  }
  for (int i = 0; i < kLines; ++i) {
    gather_log(i % 2 == 0);
    set_log_level(LogLevel::kInfo);
    set_log_sink(count);
    flush_log();
  }
  for (std::thread& thread : threads) thread.join();
  gather_log(false);
  set_log_sink(nullptr);
  CHECK(whole == kThreads * kLines);
}
