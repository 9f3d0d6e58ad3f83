// The watch over a real process: readiness by a token, health, and engines that are stuck.
#include "engine/health_watch.h"

#include <doctest/doctest.h>
#include <unistd.h>

#include <csignal>
#include <thread>

#include "engine/life_pipe.h"
#include "engine/port_owner.h"
#include "engine/test_engine.h"

using namespace corral;
using namespace corral::engine;

namespace {

// With limits that a test can wait for: looks every 20 ms, stuck after 400 ms.
Spec quick(Spec spec) {
  spec.canary_interval = milliseconds(20);
  spec.canary_timeout = milliseconds(50);
  spec.canary_limit = milliseconds(20);
  spec.stuck_after = milliseconds(400);
  if (spec.worker) spec.question = "/slots";
  return spec;
}

const std::vector<std::pair<std::string, std::string>> kNoHeaders;

// Whether the engine's health is or becomes that within 20 seconds.
io::Task<bool> becomes(Watched& it, Health health) {
  while (it.engine.status().health != health) {
    it.changed.clear();
    const bool more = co_await it.changed.wait_for(seconds(20));
    if (!more) co_return false;
  }
  co_return true;
}

// A request as the gateway would send it: one that waits until it is answered or broken off.
io::Task<void> post(Watched& it, bool& answered) {
  const Load::Wait wait(it.engine.load());
  const std::string method = "POST";
  const std::string path = "/completion";
  const std::string body = R"({"prompt":"x"})";
  const Result<http::Client::Reply> reply = co_await it.client.fetch(
      it.engine.spec().address, method, path, kNoHeaders, body, seconds(60));
  answered = reply.has_value();
  if (answered) it.engine.load().note_progress();
}

io::Task<int> posts_begun(Watched& it) {
  const std::string method = "GET";
  const std::string path = "/stats";
  const std::string body;
  const Result<http::Client::Reply> reply = co_await it.client.fetch(
      it.engine.spec().address, method, path, kNoHeaders, body, seconds(10));
  if (!reply.has_value()) co_return -1;
  co_return std::atoi(reply->body.c_str() + std::string_view(R"({"begun":)").size());
}

void check_stuck(const Watched& it) {
  const Status& status = it.engine.status();
  CHECK(status.last_error->cause == Cause::kStuck);
  CHECK(status.last_exit->cause == "stuck");
  CHECK(status.last_exit->signal == SIGKILL);
  CHECK(status.stop_reason == StopReason::kCrash);
  CHECK(status.pid == 0);
  CHECK(status.memory_bytes == 0);
  CHECK(it.saw(State::kStopping));
}

}  // namespace

TEST_CASE("a worker is ready and healthy when one token has come out") {
  run([](io::Loop& loop, const Folder& folder) -> io::Task<void> {
    Spec spec = worker(folder, {});
    spec.ready_token = true;
    Watched it(loop, std::move(spec));
    it.engine.start();
    const bool ready = co_await it.reaches(State::kReady);
    REQUIRE(ready);
    CHECK(it.engine.status().health == Health::kHealthy);
    const int posts = co_await posts_begun(it);
    CHECK(posts == 1);
  });
}

TEST_CASE("a worker that answers but makes no token is not ready") {
  run([](io::Loop& loop, const Folder& folder) -> io::Task<void> {
    Spec spec = worker(folder, {"--stuck-after", "1"});
    spec.ready_token = true;
    spec.start_timeout = milliseconds(300);
    Watched it(loop, std::move(spec));
    it.engine.start();
    const bool failed = co_await it.reaches(State::kFailed);
    REQUIRE(failed);
    CHECK(it.engine.status().last_error->cause == Cause::kStartTimeout);
    CHECK(contains(it.error(), "no token"));
    CHECK_FALSE(it.saw(State::kReady));
  });
}

TEST_CASE("an engine that says that it makes no tokens is ready") {
  run([](io::Loop& loop, const Folder& folder) -> io::Task<void> {
    for (Spec spec : {worker(folder, {"--no-tokens"}), external(folder, {"--no-tokens"})}) {
      ::unlink(spec.address.unix_path.c_str());
      spec.ready_token = true;
      Watched it(loop, std::move(spec));
      it.engine.start();
      const bool ready = co_await it.reaches(State::kReady);
      CHECK(ready);
    }
  });
}

TEST_CASE("a worker that goes on loading gets more time than its limit") {
  run([](io::Loop& loop, const Folder& folder) -> io::Task<void> {
    Spec spec = worker(folder, {"--load-ms", "2000"});
    spec.start_timeout = milliseconds(1500);
    Watched it(loop, std::move(spec));
    it.engine.start();
    const bool ready = co_await it.reaches(State::kReady);
    CHECK(ready);
  });
}

TEST_CASE("a command that works without becoming ready gets ten times its limit, and no more") {
  run([](io::Loop& loop, const Folder& folder) -> io::Task<void> {
    Spec spec = shell("while :; do :; done");
    spec.check_path = "/health";
    spec.address.unix_path = folder.path() + "/nobody.sock";
    spec.start_timeout = milliseconds(200);
    spec.stop_grace = milliseconds(100);
    Watched it(loop, std::move(spec));
    const Instant begin = loop.now();
    it.engine.start();
    const bool failed = co_await it.reaches(State::kFailed);
    REQUIRE(failed);
    CHECK(it.engine.status().last_error->cause == Cause::kStartTimeout);
    CHECK(loop.now() - begin >= milliseconds(1000));
    CHECK(contains(it.error(), "it worked"));
  });
}

TEST_CASE("the memory of all processes of an engine is known soon after it is ready") {
  run([](io::Loop& loop, const Folder& folder) -> io::Task<void> {
    Watched it(loop, quick(external(folder, {})));
    it.engine.start();
    const bool healthy = co_await becomes(it, Health::kHealthy);
    REQUIRE(healthy);
    CHECK(it.engine.status().memory_bytes > 100'000);
  });
}

TEST_CASE("an engine that answers late is degraded") {
  run([](io::Loop& loop, const Folder& folder) -> io::Task<void> {
    Spec spec = quick(external(folder, {"--slow-get", "60"}));
    spec.canary_timeout = seconds(10);
    Watched it(loop, std::move(spec));
    it.engine.start();
    const bool degraded = co_await becomes(it, Health::kDegraded);
    CHECK(degraded);
    CHECK(it.engine.status().state == State::kReady);
  });
}

TEST_CASE("an engine that stands still is unhealthy, and healthy when it goes on") {
  run([](io::Loop& loop, const Folder& folder) -> io::Task<void> {
    Spec spec = quick(external(folder, {}));
    spec.stuck_after = Duration::zero();
    spec.canary_limit = seconds(10);
    Watched it(loop, std::move(spec));
    it.engine.start();
    bool is = co_await becomes(it, Health::kHealthy);
    REQUIRE(is);
    const pid_t group = ::getpgid(it.engine.status().pid);
    ::killpg(group, SIGSTOP);
    is = co_await becomes(it, Health::kUnhealthy);
    CHECK(is);
    CHECK(it.engine.status().state == State::kReady);
    ::killpg(group, SIGCONT);
    is = co_await becomes(it, Health::kHealthy);
    CHECK(is);
  });
}

TEST_CASE(
    "an engine that stands still under a request is killed, deaf or not, and can start again") {
  run([](io::Loop& loop, const Folder& folder) -> io::Task<void> {
    for (Spec spec : {worker(folder, {"--ignore-sigterm"}),
                      external(folder, {"--ignore-sigterm", "--spawn-child"})}) {
      LifePipe life;
      Watched it(loop, quick(std::move(spec)));
      it.engine.start();
      bool there = co_await it.reaches(State::kReady);
      REQUIRE(there);
      ::killpg(::getpgid(it.engine.status().pid), SIGSTOP);
      bool answered = false;
      io::Task<void> request = post(it, answered);
      request.start();
      there = co_await it.reaches(State::kFailed);
      REQUIRE(there);
      check_stuck(it);
      INFO(it.error());
      CHECK(contains(it.error(), ": no bytes, no processor time, no answer"));
      request.cancel();
      CHECK(life.all_gone());
      ::unlink(it.engine.spec().address.unix_path.c_str());
      it.states.clear();
      it.engine.start();
      there = co_await it.reaches(State::kReady);
      CHECK(there);
    }
  });
}

TEST_CASE("an engine that serves nothing while its check still answers is stuck") {
  run([](io::Loop& loop, const Folder& folder) -> io::Task<void> {
    for (Spec spec :
         {worker(folder, {"--stuck-after", "1"}), external(folder, {"--stuck-after", "1"}),
          worker(folder, {"--freeze-after", "1"})}) {
      Watched it(loop, quick(std::move(spec)));
      it.engine.start();
      bool there = co_await it.reaches(State::kReady);
      REQUIRE(there);
      bool answered = false;
      io::Task<void> request = post(it, answered);
      request.start();
      there = co_await it.reaches(State::kFailed);
      REQUIRE(there);
      check_stuck(it);
      CHECK_FALSE(answered);
      request.cancel();
    }
  });
}

TEST_CASE("an idle engine that stands still is stuck too") {
  run([](io::Loop& loop, const Folder& folder) -> io::Task<void> {
    Watched it(loop, quick(worker(folder, {})));
    it.engine.start();
    bool there = co_await it.reaches(State::kReady);
    REQUIRE(there);
    ::kill(it.engine.status().pid, SIGSTOP);
    there = co_await it.reaches(State::kFailed);
    REQUIRE(there);
    check_stuck(it);
  });
}

TEST_CASE("an engine that computes for long is not stuck") {
  run([](io::Loop& loop, const Folder& folder) -> io::Task<void> {
    for (Spec spec : {worker(folder, {"--burn", "2000"}), external(folder, {"--burn", "2000"})}) {
      Watched it(loop, quick(std::move(spec)));
      it.engine.start();
      const bool ready = co_await it.reaches(State::kReady);
      REQUIRE(ready);
      bool answered = false;
      co_await post(it, answered);
      CHECK(answered);
      CHECK(it.engine.status().state == State::kReady);
    }
  });
}

TEST_CASE("an engine whose work we cannot see is not stuck while it answers") {
  run([](io::Loop& loop, const Folder& folder) -> io::Task<void> {
    // As `docker run` does: another process listens.
    Spec spec = quick(docker_in(folder));
    spec.check_path = "/health";
    spec.address.host = "127.0.0.1";
    spec.address.port = free_port(20'000 + static_cast<std::uint16_t>(::getpid() % 20'000)).value();
    const std::string port = std::to_string(spec.address.port);
    Spec elsewhere = external(folder, {});
    elsewhere.command.argv = {CORRAL_FAKE_ENGINE, "--port", port};
    elsewhere.address = spec.address;
    Watched other(loop, std::move(elsewhere));
    other.engine.start();
    bool ready = co_await other.reaches(State::kReady);
    REQUIRE(ready);
    Watched it(loop, std::move(spec));
    it.engine.start();
    ready = co_await it.reaches(State::kReady);
    REQUIRE(ready);
    const Load::Wait wait(it.engine.load());
    co_await io::sleep(loop, milliseconds(1500));
    CHECK(it.engine.status().state == State::kReady);
  });
}

TEST_CASE("a command is asked for tokens while it is idle if that is wanted") {
  run([](io::Loop& loop, const Folder& folder) -> io::Task<void> {
    Spec spec = quick(external(folder, {"--freeze-after", "3"}));
    spec.canary = true;
    Watched it(loop, std::move(spec));
    it.engine.start();
    bool is = co_await becomes(it, Health::kHealthy);
    CHECK(is);
    // The third of those finds it out, before anybody's request does.
    is = co_await it.reaches(State::kFailed);
    REQUIRE(is);
    check_stuck(it);
  });
}

TEST_CASE("an engine that sleeps is watched for its death alone") {
  run([](io::Loop& loop, const Folder&) -> io::Task<void> {
    Spec spec = quick(spec_of({"/bin/sh", "-c",
                               R"(P='\ncmd_child_to_router:state:{"state":"%s"}\n';)"
                               R"(printf "$P" ready; sleep 0.1; printf "$P" sleeping;)"
                               R"(exec sleep 600)"}));
    spec.worker = true;
    spec.check_path.clear();
    spec.question.clear();
    Watched it(loop, std::move(spec));
    it.engine.start();
    bool there = co_await it.reaches(State::kSleeping);
    REQUIRE(there);
    const Load::Wait wait(it.engine.load());
    co_await io::sleep(loop, milliseconds(1200));
    CHECK(it.engine.status().state == State::kSleeping);
    ::kill(it.engine.status().pid, SIGKILL);
    there = co_await it.reaches(State::kFailed);
    CHECK(there);
  });
}

TEST_CASE("a machine that was suspended does not make an engine look stuck") {
  run([](io::Loop& loop, const Folder& folder) -> io::Task<void> {
    Spec spec = quick(worker(folder, {}));
    spec.canary_interval = milliseconds(100);
    Watched it(loop, std::move(spec));
    it.engine.start();
    const bool ready = co_await it.reaches(State::kReady);
    REQUIRE(ready);
    ::kill(it.engine.status().pid, SIGSTOP);
    const Load::Wait wait(it.engine.load());
    for (int i = 0; i < 6; ++i) {
      std::this_thread::sleep_for(milliseconds(250));  // nobody runs
      co_await io::sleep(loop, milliseconds(1));
    }
    CHECK(it.engine.status().state == State::kReady);
  });
}
