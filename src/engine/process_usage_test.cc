#include "engine/process_usage.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <csignal>
#include <string>

#include "io/process.h"

using namespace corral;
using namespace corral::engine;

namespace {

std::vector<int> sorted(std::vector<int> pids) {
  std::ranges::sort(pids);
  return pids;
}

using Body = io::Task<void> (*)(io::Loop&);
void run(Body body) {
  io::Loop loop;
  loop.run(body(loop));
}

Result<io::Process> shell(io::Loop& loop, std::string script) {
  return io::Process::spawn(loop, {{"/bin/sh", "-c", std::move(script)}, {"PATH=/usr/bin:/bin"}});
}

// The usage once it fits, or the last one after ten seconds.
template <class Predicate>
io::Task<ProcessUsage> usage_when(io::Loop& loop, ProcessTree tree, Predicate fits) {
  const Instant end = loop.now() + seconds(10);
  while (true) {
    const ProcessUsage usage = co_await measure_usage(loop, tree);
    if (fits(usage) || loop.now() >= end) co_return usage;
    co_await io::sleep(loop, milliseconds(10));
  }
}

bool has_two(const ProcessUsage& usage) { return usage.processes == 2; }
bool has_computed(const ProcessUsage& usage) { return usage.cpu >= milliseconds(100); }

}  // namespace

TEST_CASE("a tree is a session and what descends from it, whatever the order of its numbers") {
  const std::vector<ProcessLink> found = {
      {.pid = 3, .parent = 40, .session = 3},    // left the session, child of 40
      {.pid = 10, .parent = 1, .session = 10},   // the leader
      {.pid = 40, .parent = 10, .session = 10},  // its child
      {.pid = 41, .parent = 1, .session = 10},   // in the session, its parent has died
      {.pid = 50, .parent = 1, .session = 50},   // a stranger
      {.pid = 51, .parent = 50, .session = 50},
  };
  CHECK(sorted(select_tree({.leader = 10}, found)) == std::vector<int>{3, 10, 40, 41});
  CHECK(sorted(select_tree({.leader = 10, .guarded = true}, found)) == std::vector<int>{3, 40, 41});
  CHECK(select_tree({.leader = 77}, found).empty());
}

TEST_CASE("usage counts all processes of an engine, and not its guard") {
  run([](io::Loop& loop) -> io::Task<void> {
    Result<io::Process> child = shell(loop, "sleep 600 & wait");
    REQUIRE(child.has_value());
    const ProcessTree all{.leader = child->pid()};
    const ProcessTree guarded{.leader = child->pid(), .guarded = true};
    const ProcessUsage usage = co_await usage_when(loop, all, has_two);
    CHECK(usage.processes == 2);
    CHECK(usage.memory_bytes > 0);
    const ProcessUsage without = co_await measure_usage(loop, guarded);
    CHECK(without.processes == 1);
    CHECK(without.memory_bytes < usage.memory_bytes);
    child->signal_group(SIGKILL);
    co_await child->exited().wait();
    const ProcessUsage after = co_await measure_usage(loop, all);
    CHECK(after == ProcessUsage{});
  });
}

TEST_CASE("a process that computes uses processor time, one that is stopped does not") {
  run([](io::Loop& loop) -> io::Task<void> {
    Result<io::Process> child = shell(loop, "while :; do :; done");
    REQUIRE(child.has_value());
    const ProcessTree tree{.leader = child->pid()};
    const ProcessUsage busy = co_await usage_when(loop, tree, has_computed);
    CHECK(busy.cpu >= milliseconds(100));
    child->signal_group(SIGSTOP);
    co_await io::sleep(loop, milliseconds(100));  // until every processor has noticed
    const ProcessUsage stopped = co_await measure_usage(loop, tree);
    co_await io::sleep(loop, milliseconds(300));
    const ProcessUsage later = co_await measure_usage(loop, tree);
    CHECK(later.cpu - stopped.cpu <= milliseconds(10));
    child->signal_group(SIGKILL);
    co_await child->exited().wait();
  });
}
