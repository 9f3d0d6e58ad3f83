#include "engine/port_owner.h"

#include <doctest/doctest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>

#include "engine/test_listener.h"

using namespace corral::engine;

namespace {

// A child that waits until it is killed.
class Child {
 public:
  Child() : pid_(::fork()) {
    REQUIRE(pid_ >= 0);
    while (pid_ == 0) ::pause();
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

TEST_CASE("what a process has started descends from it") {
  const Child child;
  CHECK(descends_from(child.pid(), ::getpid()));
  CHECK(descends_from(child.pid(), child.pid()));
  CHECK_FALSE(descends_from(::getpid(), child.pid()));
}
