#include "io/process.h"

#include <doctest/doctest.h>

#include <array>
#include <csignal>

#include "io/signals.h"

using namespace corral;
using namespace corral::io;

namespace {

Task<std::string> read_text(Stream& stream) {
  std::array<char, 4096> buffer;
  std::string text;
  while (true) {
    const Result<std::size_t> count = co_await stream.read(buffer);
    if (!count.has_value() || *count == 0) co_return text;
    text.append(buffer.data(), *count);
  }
}

Command shell(std::string script) {
  return Command{{"/bin/sh", "-c", std::move(script)}, {"PATH=/usr/bin:/bin", "WORD=seen"}};
}

template <class Body>
void run(Body body) {
  Loop loop;
  loop.run(body(loop));
}

}  // namespace

TEST_CASE("a child's output, environment and exit code arrive") {
  run([](Loop& loop) -> Task<void> {
    Result<Process> child = Process::spawn(loop, shell("echo $WORD; echo bad >&2; exit 7"));
    REQUIRE(child.has_value());
    const std::string out = co_await read_text(child->out());
    const std::string err = co_await read_text(child->err());
    co_await child->exited().wait();
    CHECK(out == "seen\n");
    CHECK(err == "bad\n");
    CHECK(child->exit().code == 7);
    CHECK(child->exit().signal == 0);
  });
}

TEST_CASE("a child that reads its stdin leaves when its parent closes it") {
  run([](Loop& loop) -> Task<void> {
    Result<Process> child = Process::spawn(loop, shell("exec cat"));
    REQUIRE(child.has_value());
    child->in() = Stream();
    const bool gone = co_await child->exited().wait_for(seconds(10));
    CHECK(gone);
    CHECK(child->exit().code == 0);
  });
}

TEST_CASE("a signal to the group reaches the child's own children") {
  run([](Loop& loop) -> Task<void> {
    Result<Process> child = Process::spawn(loop, shell("sleep 60 & echo up; wait"));
    REQUIRE(child.has_value());
    std::array<char, 8> buffer;
    const Result<std::size_t> up = co_await child->out().read(buffer);
    REQUIRE(up.has_value());
    child->signal_group(SIGKILL);
    const bool gone = co_await child->exited().wait_for(seconds(10));
    CHECK(gone);
    CHECK(child->exit().signal == SIGKILL);
    // The grandchild held the other end of stdout too: the end of the stream says that it is gone.
    const std::string rest = co_await read_text(child->out());
    CHECK(rest.empty());
  });
}

TEST_CASE("a program that does not exist is an error with its name, not a child") {
  run([](Loop& loop) -> Task<void> {
    const Result<Process> child = Process::spawn(loop, Command{{"/no/such/engine"}, {}});
    REQUIRE_FALSE(child.has_value());
    CHECK(child.error().code == Code::kNotFound);
    CHECK(child.error().message.find("/no/such/engine") != std::string::npos);
    co_await sleep(loop, milliseconds(0));
  });
}

TEST_CASE("the first and the second request to stop are told apart") {
  run([](Loop& loop) -> Task<void> {
    StopSignals signals(loop);
    ::raise(SIGTERM);
    const bool first = co_await signals.first().wait_for(seconds(10));
    CHECK(first);
    CHECK_FALSE(signals.second().is_set());
    ::raise(SIGINT);
    const bool second = co_await signals.second().wait_for(seconds(10));
    CHECK(second);
  });
}
