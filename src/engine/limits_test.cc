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

ProcessLimits pass_through_environment(const ProcessLimits& limits) {
  const io::Command command = with_limits({.argv = {"c"}, .env = {"CORRAL_LIMITS=1,2,3,"}}, limits);
  REQUIRE(command.env.size() == 1);
  const std::string& entry = command.env[0];
  const std::size_t equals = entry.find('=');
  ::setenv(entry.substr(0, equals).c_str(), entry.c_str() + equals + 1, 1);
  const ProcessLimits taken = take_limits();
  CHECK(std::getenv(entry.substr(0, equals).c_str()) == nullptr);
  return taken;
}

Spec limited(std::string script, config::Limits limits) {
  Spec spec = shell(std::move(script));
  spec.limits = limits;
  return spec;
}

}  // namespace

TEST_CASE("limits come through the environment as they were, and leave it") {
  const config::Limits limits{.memory_bytes = 1ULL << 40, .open_files = 64, .nice = -7};
  for (const char* group : {"", "/sys/fs/cgroup/a,b/engine-1-0"}) {
    const ProcessLimits all{.limits = limits, .memory_group = group};
    CHECK(pass_through_environment(all) == all);
  }
  CHECK(take_limits() == ProcessLimits{});
  CHECK(with_limits({.argv = {"c"}, .env = {"CORRAL_LIMITS=1,2,3,"}}, {}).env.empty());
}

TEST_CASE("limits that are garbage limit nothing") {
  for (const char* value : {"", "1,2", "x,y,z", "x,y,z,"}) {
    CAPTURE(value);
    ::setenv("CORRAL_LIMITS", value, 1);
    CHECK(take_limits() == ProcessLimits{});
  }
}

TEST_CASE("limits in words name those that are set") {
  CHECK(limits_in_words({}).empty());
  CHECK(contains(limits_in_words({.limits = {.open_files = 64}}), "64 open files"));
  const int own = ::getpriority(PRIO_PROCESS, 0);
  if (own <= 14) {
    CHECK(limits_in_words({.limits = {.nice = 5}}) == "nice " + std::to_string(own + 5));
  }
  const config::Limits memory{.memory_bytes = 1ULL << 30};
  CHECK(limits_in_words({.limits = memory}).empty() != can_limit_memory());
  CHECK(limits_in_words({.limits = memory, .memory_group = "/g"}) == "memory 1024 MiB");
  CHECK(limit_warning("m", memory).empty() == can_limit_memory());
}

TEST_CASE("what nobody refuses needs no warning") {
  CHECK(limit_warning("m", {}).empty());
  CHECK(limit_warning("m", {.open_files = 32, .nice = 3}).empty());
}

TEST_CASE("more open files than this system gives are told") {
  const config::Limits most{.open_files = ~0ULL};
  if (most_open_files() == ~0ULL) return;
  CHECK(contains(limit_warning("m", most), std::to_string(most_open_files()) + " open files"));
  CHECK(contains(limits_in_words({.limits = most}), std::to_string(most_open_files()) + " open"));
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
  name_limit({.limits = {.memory_bytes = 1ULL << 30}}, failure);
  CHECK(contains(failure.message, "1024 MiB") == can_limit_memory());
  Failure other{.cause = Cause::kCrashed, .message = "it died"};
  name_limit({.limits = {.memory_bytes = 1ULL << 30}}, other);
  CHECK(other.message == "it died");
}
