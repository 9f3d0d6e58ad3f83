#include "options.h"

#include <charconv>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string_view>

namespace fake {
namespace {

[[noreturn]] void refuse(std::string_view flag, const char* why) {
  std::fprintf(stderr, "fake_engine: %.*s %s\n", static_cast<int>(flag.size()), flag.data(), why);
  std::exit(2);
}

int64_t number(std::string_view flag, const char* text) {
  int64_t value = 0;
  const char* end = text + std::strlen(text);
  auto [stop, error] = std::from_chars(text, end, value);
  if (error != std::errc{} || stop != end || value < 0) refuse(flag, "needs a whole number");
  return value;
}

}  // namespace

Options parse_options(int argc, char** argv) {
  Options o;
  for (int i = 1; i < argc; ++i) {
    std::string_view flag = argv[i];
    auto text = [&]() -> const char* {
      if (i + 1 >= argc) refuse(flag, "needs a value");
      return argv[++i];
    };
    auto count = [&] { return number(flag, text()); };
    if (flag == "--port")
      o.port = static_cast<int>(count());
    else if (flag == "--unix")
      o.unix_path = text();
    else if (flag == "--name")
      o.name = text();
    else if (flag == "--load-ms")
      o.load_ms = count();
    else if (flag == "--exit-after-ms")
      o.exit_after_ms = count();
    else if (flag == "--fail-start")
      o.fail_start = text();
    else if (flag == "--stderr-flood")
      o.stderr_flood = count();
    else if (flag == "--endless-line")
      o.endless_line = count();
    else if (flag == "--hang")
      o.hang = true;
    else if (flag == "--stuck-after")
      o.stuck_after = count();
    else if (flag == "--freeze-after")
      o.freeze_after = count();
    else if (flag == "--slow-get")
      o.slow_get_ms = count();
    else if (flag == "--burn")
      o.burn_ms = count();
    else if (flag == "--eat-mib")
      o.eat_mib = count();
    else if (flag == "--no-tokens")
      o.no_tokens = true;
    else if (flag == "--ignore-sigterm")
      o.ignore_sigterm = true;
    else if (flag == "--spawn-child")
      o.spawn_child = true;
    else if (flag == "--spawn-daemon")
      o.spawn_daemon = true;
    else if (flag == "--crash-on-request")
      o.crash_on_request = count();
    else if (flag == "--eat-memory-on")
      o.eat_memory_on = count();
    else if (flag == "--crash-after-chunks")
      o.crash_after_chunks = count();
    else if (flag == "--crash-after-limit")
      o.crash_after_limit = true;
    else if (flag == "--crash-once")
      o.crash_once = text();
    else if (flag == "--rate")
      o.rate = static_cast<double>(count());
    else if (flag == "--events")
      o.events = count();
    else if (flag == "--worker")
      o.worker = true;
    else if (flag == "--says-ready-only")
      o.says_ready_only = true;
    else if (flag == "--state")
      o.state = text();
    else
      refuse(flag, "is no flag of this program; options.h lists them");
  }
  if (o.port > 65535) refuse("--port", "is above 65535");
  if (o.port == 0 && o.unix_path.empty()) refuse("--port", "or --unix is needed");
  return o;
}

}  // namespace fake
