#include "io/strays.h"

#include <doctest/doctest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <csignal>
#include <string>
#include <vector>

#include "io/children.h"
#include "io/process.h"

using namespace corral;
using namespace corral::io;

namespace {

// In a shell: starts a process that is deaf to SIGTERM and in a session of its own, and tells its
// id when it runs.
constexpr const char* kDaemon =
    "(setsid sh -c 'trap \"\" TERM; echo $$; exec >/dev/null; while :; do sleep 1; done' &)";

Command shell(std::string script) {
  return Command{{"/bin/sh", "-c", std::move(script)}, {"PATH=/usr/bin:/bin"}};
}

Task<int> read_pid(Stream& stream) {
  std::array<char, 32> buffer;
  const Result<std::size_t> count = co_await stream.read(buffer);
  REQUIRE(count.has_value());
  const std::string text(buffer.data(), *count);
  co_return std::stoi(text);
}

bool lives(int pid) { return ::kill(pid, 0) == 0; }

bool is_child(int pid) {
  const std::vector<int> all = children();
  return std::ranges::find(all, pid) != all.end();
}

Task<void> until_gone(Loop& loop, int pid) {
  for (int i = 0; i < 10'000 && lives(pid); ++i) co_await sleep(loop, milliseconds(1));
  CHECK_FALSE(lives(pid));
}

template <class Body>
void run(Body body) {
  Loop loop;
  loop.run(body(loop));
}

}  // namespace

TEST_CASE("what a child left behind when it ended is killed and reaped") {
  run([](Loop& loop) -> Task<void> {
    Strays strays(loop);
    const Command command = shell(std::string(kDaemon) + "; sleep 600");
    Result<Process> child = Process::spawn(loop, command);
    REQUIRE(child.has_value());
    const int daemon = co_await read_pid(child->out());
    CHECK(lives(daemon));
    child->signal_group(SIGKILL);
    co_await child->exited().wait();
    CHECK(child->exit().signal == SIGKILL);
    co_await until_gone(loop, daemon);
  });
}

TEST_CASE("a child that is watched is left alone while strays are killed") {
  run([](Loop& loop) -> Task<void> {
    Strays strays(loop);
    const Command sleeper = shell("exec sleep 600");
    Result<Process> kept = Process::spawn(loop, sleeper);
    REQUIRE(kept.has_value());
    const Command command = shell(std::string(kDaemon) + "; read line");
    Result<Process> child = Process::spawn(loop, command);
    REQUIRE(child.has_value());
    const int daemon = co_await read_pid(child->out());
    child->in() = Stream();
    co_await until_gone(loop, daemon);
    CHECK_FALSE(kept->exited().is_set());
    CHECK(lives(kept->pid()));
    kept->signal(SIGTERM);
    co_await kept->exited().wait();
    CHECK(kept->exit().signal == SIGTERM);
  });
}

TEST_CASE("strays that are left at the end are killed then") {
  run([](Loop& loop) -> Task<void> {
    int dropped = 0;
    {
      Strays strays(loop);
      const Command sleeper = shell("exec sleep 600");
      Result<Process> child = Process::spawn(loop, sleeper);
      REQUIRE(child.has_value());
      dropped = child->pid();
      child = fail(Code::kInvalid, "dropped");
      CHECK(lives(dropped));
    }
    CHECK_FALSE(lives(dropped));
    co_return;
  });
}

TEST_CASE("children of whoever was this process before are left alone") {
  run([](Loop& loop) -> Task<void> {
    const pid_t foreign = ::fork();
    if (foreign == 0) {
      while (true) ::pause();
    }
    CHECK(is_child(foreign));
    {
      Strays strays(loop);
      const Command command = shell("exit 0");
      Result<Process> child = Process::spawn(loop, command);
      REQUIRE(child.has_value());
      co_await child->exited().wait();
    }
    CHECK(::waitpid(foreign, nullptr, WNOHANG) == 0);
    ::kill(foreign, SIGKILL);
    CHECK(::waitpid(foreign, nullptr, 0) == foreign);
  });
}
