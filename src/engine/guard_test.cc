#include "engine/guard.h"
#include "io/process.h"  // before doctest, whose CHECK the tests mean

#include <doctest/doctest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <string>
#include <vector>

#include "base/test_folder.h"
#include "engine/life_pipe.h"

using namespace corral;
using namespace corral::engine;

namespace {

io::Command guarded(std::vector<std::string> command) {
  std::vector<std::string> argv = {CORRAL_GUARD, "--"};
  argv.insert(argv.end(), command.begin(), command.end());
  return io::Command{std::move(argv), {"PATH=/usr/bin:/bin"}};
}

io::Command guarded_shell(std::string script) {
  return guarded({"/bin/sh", "-c", std::move(script)});
}

io::Task<std::string> read_text(io::Stream& stream) {
  std::array<char, 4096> buffer;
  std::string text;
  while (true) {
    const Result<std::size_t> count = co_await stream.read(buffer);
    if (!count.has_value() || *count == 0) co_return text;
    text.append(buffer.data(), *count);
  }
}

io::Task<void> wait_for_a_line(io::Stream& stream) {
  std::array<char, 64> buffer;
  const Result<std::size_t> count = co_await stream.read(buffer);
  REQUIRE(count.has_value());
  REQUIRE(*count > 0);
}

// How the guard ends when it is left alone.
io::Exit exit_of(io::Command command) {
  io::Loop loop;
  io::Exit exit;
  loop.run([](io::Loop& on, io::Command what, io::Exit& out) -> io::Task<void> {
    Result<io::Process> guard = io::Process::spawn(on, what);
    REQUIRE(guard.has_value());
    const bool gone = co_await guard->exited().wait_for(seconds(10));
    REQUIRE(gone);
    out = guard->exit();
  }(loop, std::move(command), exit));
  return exit;
}

template <class Body>
void run(Body body) {
  io::Loop loop;
  loop.run(body(loop));
}

// A Corral that can be killed: starts the guard with a pipe as its stdin and waits for its end.
pid_t start_killable_parent(const char* script) {
  const pid_t parent = ::fork();
  REQUIRE(parent >= 0);
  if (parent > 0) return parent;
  std::array<int, 2> pipe{};
  if (::pipe(pipe.data()) != 0) ::_exit(1);
  const pid_t guard = ::fork();
  if (guard == 0) {
    ::setsid();
    ::dup2(pipe[0], STDIN_FILENO);
    ::close(pipe[0]);
    ::close(pipe[1]);
    ::execl(CORRAL_GUARD, CORRAL_GUARD, "--", "/bin/sh", "-c", script, nullptr);
    ::_exit(1);
  }
  while (true) ::pause();
}

// Waits until the script behind the guard has made the file.
void wait_for_file(const std::string& path) {
  for (int i = 0; i < 10'000 && ::access(path.c_str(), F_OK) != 0; ++i) ::usleep(1000);
  REQUIRE(::access(path.c_str(), F_OK) == 0);
}

// The script is `traps`, a sign that they are set, and `rest`.
void kill_parent_of(const std::string& traps, const std::string& rest) {
  const Folder folder;
  const std::string up = folder.path() + "/up";
  LifePipe life;
  const pid_t parent = start_killable_parent((traps + "; : > " + up + "; " + rest).c_str());
  life.let_go();
  wait_for_file(up);
  CHECK(life.some_live());
  ::kill(parent, SIGKILL);
  ::waitpid(parent, nullptr, 0);
  CHECK(life.all_gone());
}

}  // namespace

TEST_CASE("the guard ends as its command does, by code and by signal") {
  CHECK(exit_of(guarded({"true"})).code == 0);
  CHECK(exit_of(guarded_shell("exit 7")).code == 7);
  CHECK(exit_of(guarded_shell("kill -SEGV $$")).signal == SIGSEGV);
  CHECK(exit_of(guarded_shell("kill -KILL $$")).signal == SIGKILL);
}

TEST_CASE("a guard without a command says how it is used") {
  CHECK(exit_of(io::Command{{CORRAL_GUARD}, {}}).code == 2);
  CHECK(exit_of(io::Command{{CORRAL_GUARD, "true"}, {}}).code == 2);
}

TEST_CASE("a command that cannot be run is told in one sentence, without its arguments") {
  run([](io::Loop& loop) -> io::Task<void> {
    const io::Command command = guarded({"/no/such/engine", "--key", "secret"});
    Result<io::Process> guard = io::Process::spawn(loop, command);
    REQUIRE(guard.has_value());
    const std::string said = co_await read_text(guard->err());
    co_await guard->exited().wait();
    CHECK(guard->exit().code == kCannotExecute);
    CHECK(said.find("/no/such/engine") != std::string::npos);
    CHECK(said.find("secret") == std::string::npos);
  });
}

TEST_CASE("a guarded command's stdin is empty and its output passes through") {
  run([](io::Loop& loop) -> io::Task<void> {
    const io::Command command = guarded_shell("cat; echo out; echo err >&2");
    Result<io::Process> guard = io::Process::spawn(loop, command);
    REQUIRE(guard.has_value());
    const std::string out = co_await read_text(guard->out());
    const std::string err = co_await read_text(guard->err());
    CHECK(out == "out\n");
    CHECK(err == "err\n");
  });
}

TEST_CASE("SIGTERM to the guard alone reaches the whole group, once") {
  run([](io::Loop& loop) -> io::Task<void> {
    // The shell leaves with the number of signals that it has seen when its child has died of one.
    const io::Command command = guarded_shell(
        "n=0; trap 'n=$((n+1))' TERM; (echo up; exec sleep 600) & wait $!; wait $!; "
        "sleep 0.1; exit $n");
    Result<io::Process> guard = io::Process::spawn(loop, command);
    REQUIRE(guard.has_value());
    co_await wait_for_a_line(guard->out());
    guard->signal(SIGTERM);
    const bool gone = co_await guard->exited().wait_for(seconds(10));
    CHECK(gone);
    CHECK(guard->exit().code == 1);
  });
}

TEST_CASE("when Corral is killed its command is asked to leave") {
  kill_parent_of("trap 'exit 0' TERM", "while :; do sleep 0.02; done");
}

TEST_CASE("when Corral is killed a command that does not listen is killed with its children") {
  kill_parent_of("trap '' TERM", "sleep 600 & sleep 600");
}

TEST_CASE("when Corral is killed what its command leaves behind is killed too") {
  kill_parent_of("trap '' TERM; sleep 600 & trap 'exit 0' TERM", "while :; do sleep 0.02; done");
}

TEST_CASE("when Corral is killed what left the command's session is killed too") {
  const std::string daemon = "setsid sh -c 'trap \"\" TERM; sleep 600 & : > $0' ";
  const Folder folder;
  const std::string up = folder.path() + "/d";
  kill_parent_of(
      "(" + daemon + up + " &); trap 'exit 0' TERM; while ! [ -e " + up + " ]; do sleep 0.01; done",
      "while :; do sleep 0.02; done");
}

TEST_CASE("what a command leaves behind when it ends is gone before its guard tells the end") {
  LifePipe life;
  const io::Exit exit = exit_of(guarded_shell(
      "(setsid sh -c 'trap \"\" TERM; sleep 600 & sleep 600' &); sleep 600 & sleep 0.1; exit 7"));
  CHECK(life.gone_now());
  CHECK(exit.code == 7);
}

TEST_CASE("a guard told to end kills everything at once and repeats the command's end") {
  LifePipe life;
  io::Loop loop;
  loop.run([](io::Loop& on, LifePipe& pipe) -> io::Task<void> {
    const io::Command command = guarded_shell(
        "trap '' TERM; (setsid sh -c 'trap \"\" TERM; echo up; sleep 600 & sleep 600' &); "
        "while :; do sleep 0.02; done");
    Result<io::Process> guard = io::Process::spawn(on, command);
    REQUIRE(guard.has_value());
    co_await wait_for_a_line(guard->out());
    guard->signal(kEndNow);
    const bool gone = co_await guard->exited().wait_for(seconds(10));
    CHECK(gone);
    CHECK(guard->exit().signal == SIGKILL);
    CHECK(pipe.gone_now());
  }(loop, life));
}

TEST_CASE("SIGTERM to the guard reaches what left the command's session") {
  run([](io::Loop& loop) -> io::Task<void> {
    const io::Command command = guarded_shell(
        "trap 'sleep 0.2; exit 0' TERM;"
        "(setsid sh -c 'trap \"echo asked; exit\" TERM; echo up; while :; do sleep 0.01; done' &);"
        "while :; do sleep 0.02; done");
    Result<io::Process> guard = io::Process::spawn(loop, command);
    REQUIRE(guard.has_value());
    co_await wait_for_a_line(guard->out());
    guard->signal(SIGTERM);
    const std::string said = co_await read_text(guard->out());
    CHECK(said == "asked\n");
    const bool gone = co_await guard->exited().wait_for(seconds(10));
    CHECK(gone);
  });
}

TEST_CASE("the guard tells the command's own process id, whatever the command prints") {
  run([](io::Loop& loop) -> io::Task<void> {
    const io::Command command = guarded_shell("echo pid 1; echo pid 1 >&2; echo $$");
    Result<io::Process> guard = io::Process::spawn(loop, command);
    REQUIRE(guard.has_value());
    guard->in().begin();
    const std::string report = co_await read_text(guard->in());
    const std::string out = co_await read_text(guard->out());
    const std::optional<int> pid = parse_guard_report(report);
    REQUIRE(pid.has_value());
    CHECK(*pid != guard->pid());
    CHECK(out == "pid 1\n" + std::to_string(*pid) + "\n");
  });
}

TEST_CASE("a report is one line with one process id") {
  CHECK(parse_guard_report("pid 12\n") == 12);
  for (const char* wrong : {"", "pid 12", "pid \n", "pid 0\n", "pid -1\n", "pid 4294967296\n",
                            "pid 1 2\n", "PID 12\n", " pid 12\n"}) {
    CHECK_FALSE(parse_guard_report(wrong).has_value());
  }
}

TEST_CASE("a guard that is killed takes its command along") {
  LifePipe life;
  io::Loop loop;
  loop.run([](io::Loop& on, LifePipe& pipe) -> io::Task<void> {
    const io::Command command = guarded_shell("echo up; exec sleep 600");
    Result<io::Process> guard = io::Process::spawn(on, command);
    REQUIRE(guard.has_value());
    co_await wait_for_a_line(guard->out());
    pipe.let_go();
    CHECK(pipe.some_live());
    guard->signal(SIGKILL);
    co_await guard->exited().wait();
    CHECK(pipe.all_gone());
  }(loop, life));
}
