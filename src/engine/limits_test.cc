#include "engine/limits.h"

#include "engine/engine.h"  // before doctest, whose CHECK takes the place of ours

#include <sys/resource.h>
#include <unistd.h>

#include <cstdlib>
#include <string>

#include "engine/test_engine.h"

using namespace corral;
using namespace corral::engine;

namespace {

config::Limits pass_through_environment(const config::Limits& limits) {
  const std::string entry = limits_entry(limits);
  const std::size_t equals = entry.find('=');
  REQUIRE(equals != std::string::npos);
  ::setenv(entry.substr(0, equals).c_str(), entry.c_str() + equals + 1, 1);
  const config::Limits taken = take_limits();
  CHECK(std::getenv(entry.substr(0, equals).c_str()) == nullptr);
  return taken;
}

Spec limited(std::string script, config::Limits limits) {
  Spec spec = shell(std::move(script));
  spec.limits = limits;
  spec.command.env.push_back(limits_entry(limits));
  return spec;
}

}  // namespace

TEST_CASE("limits come through the environment as they were, and leave it") {
  const config::Limits limits{.memory_bytes = 1ULL << 40, .open_files = 64, .nice = -7};
  CHECK(pass_through_environment(limits) == limits);
  CHECK(take_limits() == config::Limits{});
  CHECK(limits_entry({}).empty());
}

TEST_CASE("limits that are garbage limit nothing") {
  for (const char* value : {"", "1,2", "x,y,z", "1,2,3,4"}) {
    CAPTURE(value);
    ::setenv("CORRAL_LIMITS", value, 1);
    CHECK(take_limits() == config::Limits{});
  }
}

TEST_CASE("limits in words name those that are set") {
  CHECK(limits_in_words({}).empty());
  CHECK(contains(limits_in_words({.open_files = 64}), "64 open files"));
  const int own = ::getpriority(PRIO_PROCESS, 0);
  if (own <= 14) {
    CHECK(limits_in_words({.nice = 5}) == "nice " + std::to_string(own + 5));
  }
  const config::Limits memory{.memory_bytes = 1ULL << 30};
  CHECK(limits_in_words(memory).empty() != can_limit_memory());
  CHECK(limit_warning("m", memory).empty() == can_limit_memory());
}

TEST_CASE("what nobody refuses needs no warning") {
  CHECK(limit_warning("m", {}).empty());
  CHECK(limit_warning("m", {.open_files = 32, .nice = 3}).empty());
}

TEST_CASE("a command runs under its limits and does not see where they came from") {
  run([](io::Loop& loop, const Folder&) -> io::Task<void> {
    const config::Limits limits{.memory_bytes = 1ULL << 30, .open_files = 77, .nice = 4};
    Watched watched(loop,
                    limited("ulimit -n; ulimit -d; nice; echo at ${CORRAL_LIMITS-none}", limits));
    watched.engine.start();
    const bool ended = co_await watched.reaches(State::kFailed);
    REQUIRE(ended);
    const std::string nice = std::to_string(::getpriority(PRIO_PROCESS, 0) + 4);
    const std::string memory = can_limit_memory() ? "1048576" : "unlimited";
    CHECK(watched.engine.log().from(0) == "77\n" + memory + "\n" + nice + "\nat none\n");
    CHECK(watched.engine.status().limits.empty());
  });
}

TEST_CASE("an engine that runs out of memory under its limit is told so") {
  Failure failure{.cause = Cause::kOutOfMemory, .message = "it died"};
  name_limit({.memory_bytes = 1ULL << 30}, failure);
  CHECK(contains(failure.message, "1024 MiB") == can_limit_memory());
  Failure other{.cause = Cause::kCrashed, .message = "it died"};
  name_limit({.memory_bytes = 1ULL << 30}, other);
  CHECK(other.message == "it died");
}
