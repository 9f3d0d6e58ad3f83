#include "engine/port_owner.h"

#include <doctest/doctest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>

#include "engine/test_listener.h"

using namespace corral::engine;

namespace {

// A child that waits until it is killed; with a session of its own if wanted.
class Child {
 public:
  explicit Child(bool own_session) : pid_(::fork()) {
    REQUIRE(pid_ >= 0);
    if (pid_ > 0) {
      if (own_session) {
        while (::getsid(pid_) != pid_) ::usleep(1000);
      }
      return;
    }
    if (own_session) ::setsid();
    for (;;) ::pause();
  }
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;
  ~Child() {
    ::kill(pid_, SIGKILL);
    ::waitpid(pid_, nullptr, 0);
  }
  int pid() const { return pid_; }

 private:
  int pid_;
};

}  // namespace

TEST_CASE("a port is taken as long as somebody sits on it") {
  for (const char* host : {"127.0.0.1", "0.0.0.0", "::1"}) {
    CAPTURE(host);
    Listener listener(host);
    if (listener.port() == 0) continue;  // this machine has no IPv6
    const std::string at = std::string_view(host) == "::1" ? "::1" : "localhost";
    CHECK(is_port_taken(at, listener.port()));
    listener.close();
    CHECK_FALSE(is_port_taken(at, listener.port()));
  }
  const Listener bound("127.0.0.1", false);
  CHECK(is_port_taken("127.0.0.1", bound.port()));
}

TEST_CASE("ports of other machines are nobody's business") {
  const Listener listener("0.0.0.0");
  for (const char* host : {"192.0.2.1", "example.com", "::2", "", "10.0.0.1"}) {
    CHECK_FALSE(is_port_taken(host, listener.port()));
  }
}

TEST_CASE("the owner of a port is found with its name") {
  Listener listener;
  const auto owner = port_owner(listener.port());
  REQUIRE(owner.has_value());
  CHECK(owner->pid == ::getpid());
  CHECK(owner->program == "engine_test");
  listener.close();
  CHECK_FALSE(port_owner(listener.port()).has_value());
}

TEST_CASE("a listener is a child's if the child, its session or its descendants hold it alone") {
  Listener listener;
  CHECK(listener_is_ours(listener.port(), ::getpid()) == Ours::kYes);
  CHECK(listener_is_ours(listener.port(), ::getppid()) == Ours::kYes);
  const Child shares(true);  // it inherits the socket, which we have too
  CHECK(listener_is_ours(listener.port(), shares.pid()) == Ours::kNo);
  listener.close();
  CHECK(listener_is_ours(listener.port(), shares.pid()) == Ours::kYes);
  CHECK(descends_from(shares.pid(), ::getpid()));
  CHECK_FALSE(descends_from(::getpid(), shares.pid()));
  const Child other(true);  // it does not have the socket
  CHECK(listener_is_ours(listener.port(), other.pid()) == Ours::kNo);
}

TEST_CASE("of a port where nobody listens it cannot be told whose it is") {
  Listener listener;
  listener.close();
  CHECK(listener_is_ours(listener.port(), ::getpid()) == Ours::kCannotTell);
}

TEST_CASE("a stranger is who listens where none of the engine's processes does") {
  Listener listener;
  const Child shares(true);  // it inherits the socket, which we have too
  CHECK_FALSE(stranger_at(listener.port(), shares.pid()).has_value());
  CHECK_FALSE(stranger_at(listener.port(), ::getpid()).has_value());
  listener.close();
  CHECK_FALSE(stranger_at(listener.port(), shares.pid()).has_value());
  const Child other(true);
  const Listener ours;
  const auto stranger = stranger_at(ours.port(), other.pid());
  REQUIRE(stranger.has_value());
  CHECK(stranger->pid == ::getpid());
  CHECK(stranger->program == "engine_test");
}

TEST_CASE("where nobody listens there is no stranger") {
  Listener listener;
  listener.close();
  CHECK_FALSE(stranger_at(listener.port(), 1).has_value());
}

TEST_CASE("the next free port is the first that nobody sits on") {
  Listener listener;
  const auto next = free_port(listener.port());
  REQUIRE(next.has_value());
  CHECK(*next > listener.port());
  listener.close();
  CHECK(free_port(listener.port()) == listener.port());
}
