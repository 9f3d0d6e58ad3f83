#include "engine/stranger.h"

#include <sys/wait.h>

#include "engine/test_engine.h"
#include "engine/test_listener.h"

using namespace corral;
using namespace corral::engine;

namespace {

// A listener that answers every question with 200, in a process of its own.
class Impostor {
 public:
  Impostor() : child_(::fork()) {
    if (child_ == 0) {
      ::setsid();
      answer();
    }
    listener_.close();
  }
  Impostor(const Impostor&) = delete;
  Impostor& operator=(const Impostor&) = delete;
  ~Impostor() {
    ::kill(child_, SIGKILL);
    ::waitpid(child_, nullptr, 0);
  }
  std::uint16_t port() const { return listener_.port(); }
  int pid() const { return child_; }

 private:
  [[noreturn]] void answer() {
    constexpr std::string_view kReply = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
    while (true) {
      const int client = ::accept(listener_.descriptor(), nullptr, nullptr);
      char bytes[4096];
      while (::read(client, bytes, sizeof bytes) > 0) {
        if (::send(client, kReply.data(), kReply.size(), MSG_NOSIGNAL) < 0) break;
      }
      ::close(client);
    }
  }

  Listener listener_;
  const pid_t child_;
};

Spec at_port(Spec spec, std::uint16_t port) {
  spec.check_path = "/health";
  spec.address.host = "localhost";
  spec.address.port = port;
  return spec;
}

}  // namespace

TEST_CASE("who answers in an engine's place is not taken for it, and is named") {
  run([](io::Loop& loop, const Folder&) -> io::Task<void> {
    const Impostor impostor;
    Watched watched(loop, at_port(shell("sleep 60"), impostor.port()));
    watched.engine.start();
    const bool failed = co_await watched.reaches(State::kFailed);
    REQUIRE(failed);
    CHECK_FALSE(watched.saw(State::kReady));
    const Failure& failure = watched.engine.status().last_error.value();
    CHECK(failure.cause == Cause::kForeignListener);
    CHECK(contains(failure.message, "(pid " + std::to_string(impostor.pid()) + ")"));
  });
}

TEST_CASE("a stranger's answers count where no check is wanted") {
  run([](io::Loop& loop, const Folder&) -> io::Task<void> {
    const Impostor impostor;
    Spec spec = at_port(shell("sleep 60"), impostor.port());
    spec.check_path.clear();
    Watched watched(loop, std::move(spec));
    watched.engine.start();
    const bool ready = co_await watched.reaches(State::kReady);
    CHECK(ready);
  });
}

TEST_CASE("of an engine that found its port taken it is told by whom") {
  run([](io::Loop& loop, const Folder&) -> io::Task<void> {
    const Listener listener;  // of ours, and it answers nothing
    Watched watched(
        loop, at_port(shell("echo 'bind: Address already in use' >&2; exit 1"), listener.port()));
    watched.engine.start();
    const bool failed = co_await watched.reaches(State::kFailed);
    REQUIRE(failed);
    const Failure& failure = watched.engine.status().last_error.value();
    CHECK(failure.cause == Cause::kPortTaken);
    CHECK(contains(failure.message, "engine_test (pid " + std::to_string(::getpid()) + ")"));
  });
}

TEST_CASE("an engine that runs its work elsewhere may be answered for by others") {
  run([](io::Loop& loop, const Folder& folder) -> io::Task<void> {
    const Impostor impostor;
    Watched watched(loop, at_port(docker_in(folder), impostor.port()));
    watched.engine.start();
    const bool ready = co_await watched.reaches(State::kReady);
    CHECK(ready);
  });
}
