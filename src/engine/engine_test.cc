#include "engine/engine.h"

#include <doctest/doctest.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <filesystem>
#include <string>
#include <vector>

#include "engine/life_pipe.h"
#include "engine/test_engine.h"

using namespace corral;
using namespace corral::engine;

TEST_CASE("an engine starts, becomes ready, stops, and starts again") {
  run([](io::Loop& loop, const Folder& folder) -> io::Task<void> {
    Watched it(loop, external(folder, {}));
    CHECK(it.engine.status().state == State::kStopped);
    for (int round = 0; round < 2; ++round) {
      std::filesystem::remove(folder.path() + "/e.sock");  // the fake leaves it
      it.states.clear();
      it.engine.start();
      it.engine.start();
      const bool ready = co_await it.reaches(State::kReady);
      REQUIRE(ready);
      CHECK(it.engine.status().pid > 0);
      CHECK(it.states.front() == State::kStarting);
      it.states.clear();
      it.engine.stop(StopReason::kAsked);
      it.engine.stop(StopReason::kAsked);
      const bool stopped = co_await it.reaches(State::kStopped);
      REQUIRE(stopped);
      CHECK(it.engine.status().pid == 0);
      CHECK_FALSE(it.engine.status().last_error.has_value());
      CHECK(it.states == std::vector<State>{State::kStopping, State::kStopped});
    }
  });
}

TEST_CASE("an engine that answers 503 is loading until it answers 200") {
  run([](io::Loop& loop, const Folder& folder) -> io::Task<void> {
    Watched it(loop, external(folder, {"--load-ms", "600"}));
    it.engine.start();
    const bool ready = co_await it.reaches(State::kReady);
    CHECK(ready);
    CHECK(it.states == std::vector<State>{State::kStarting, State::kLoading, State::kReady});
  });
}

TEST_CASE("an engine without a check is ready when it runs") {
  run([](io::Loop& loop, const Folder&) -> io::Task<void> {
    Watched it(loop, shell("exec sleep 600"));
    it.engine.start();
    const bool ready = co_await it.reaches(State::kReady);
    CHECK(ready);
  });
}

TEST_CASE("a start that fails tells the engine's last lines and none of its arguments") {
  run([](io::Loop& loop, const Folder& folder) -> io::Task<void> {
    Spec spec = external(folder, {"--name", "secret", "--fail-start", "no room for the model"});
    spec.command.env.emplace_back("TOKEN=hidden");
    Watched it(loop, std::move(spec));
    it.engine.start();
    const bool failed = co_await it.reaches(State::kFailed);
    REQUIRE(failed);
    CHECK(to_error(*it.engine.status().last_error).code == Code::kUnavailable);
    CHECK(contains(it.error(), "'m' exited with status 1"));
    CHECK(contains(it.error(), "no room for the model"));
    CHECK_FALSE(contains(it.error(), "secret"));
    CHECK_FALSE(contains(it.error(), "hidden"));
    CHECK_FALSE(contains(it.error(), folder.path()));
  });
}

TEST_CASE("the error of a second start does not repeat what the first one printed") {
  run([](io::Loop& loop, const Folder& folder) -> io::Task<void> {
    Watched it(loop, shell("if [ -e " + folder.path() + "/two ]; then exit 2; fi; : > " +
                           folder.path() + "/two; echo first words; exit 1"));
    it.engine.start();
    bool failed = co_await it.reaches(State::kFailed);
    REQUIRE(failed);
    CHECK(contains(it.error(), "first words"));
    it.states.clear();
    it.engine.start();
    failed = co_await it.reaches(State::kFailed);
    REQUIRE(failed);
    CHECK(contains(it.error(), "status 2"));
    CHECK_FALSE(contains(it.error(), "first words"));
  });
}

TEST_CASE("a command that does not exist is not found") {
  run([](io::Loop& loop, const Folder&) -> io::Task<void> {
    Watched guarded(loop, spec_of({CORRAL_GUARD, "--", "/no/such/engine", "--key", "secret"}));
    guarded.engine.start();
    bool failed = co_await guarded.reaches(State::kFailed);
    REQUIRE(failed);
    CHECK(to_error(*guarded.engine.status().last_error).code == Code::kNotFound);
    CHECK(contains(guarded.error(), "/no/such/engine"));
    CHECK_FALSE(contains(guarded.error(), "secret"));
    Watched bare(loop, spec_of({"/no/such/corral"}));
    bare.engine.start();
    failed = co_await bare.reaches(State::kFailed);
    REQUIRE(failed);
    CHECK(to_error(*bare.engine.status().last_error).code == Code::kNotFound);
  });
}

TEST_CASE("an engine that exits while it is ready has failed") {
  run([](io::Loop& loop, const Folder& folder) -> io::Task<void> {
    Watched it(loop, external(folder, {"--exit-after-ms", "400"}));
    it.engine.start();
    const bool ready = co_await it.reaches(State::kReady);
    REQUIRE(ready);
    const bool failed = co_await it.reaches(State::kFailed);
    REQUIRE(failed);
    CHECK(contains(it.error(), "exited with status 3"));
    CHECK(contains(it.error(), "leaving as told"));
    CHECK_FALSE(contains(it.error(), "before it was ready"));
    CHECK_FALSE(it.saw(State::kStopping));
  });
}

TEST_CASE("an engine that is killed has failed, and what it started is gone") {
  run([](io::Loop& loop, const Folder& folder) -> io::Task<void> {
    LifePipe life;
    Watched it(loop, external(folder, {"--spawn-child"}));
    it.engine.start();
    const bool ready = co_await it.reaches(State::kReady);
    REQUIRE(ready);
    life.let_go();
    ::kill(it.engine.status().pid, SIGKILL);
    const bool failed = co_await it.reaches(State::kFailed);
    REQUIRE(failed);
    CHECK(contains(it.error(), "SIGKILL"));
    CHECK(life.all_gone());
  });
}

TEST_CASE("what an engine leaves in its group when it exits is killed") {
  run([](io::Loop& loop, const Folder&) -> io::Task<void> {
    LifePipe life;
    Watched it(loop, shell("(trap '' TERM; sleep 600) & exit 3"));
    it.engine.start();
    const bool failed = co_await it.reaches(State::kFailed);
    CHECK(failed);
    CHECK(life.all_gone());
  });
}

TEST_CASE("an engine that is deaf to SIGTERM is killed with its children") {
  run([](io::Loop& loop, const Folder& folder) -> io::Task<void> {
    LifePipe life;
    Spec spec = external(folder, {"--ignore-sigterm", "--spawn-child"});
    spec.stop_grace = milliseconds(100);
    Watched it(loop, std::move(spec));
    it.engine.start();
    const bool ready = co_await it.reaches(State::kReady);
    REQUIRE(ready);
    it.engine.stop(StopReason::kAsked);
    const bool stopped = co_await it.reaches(State::kStopped);
    CHECK(stopped);
    CHECK_FALSE(it.engine.status().last_error.has_value());
    CHECK(life.all_gone());
  });
}

TEST_CASE("an engine that stands still is woken to stop") {
  run([](io::Loop& loop, const Folder& folder) -> io::Task<void> {
    Watched it(loop, external(folder, {}));
    it.engine.start();
    const bool ready = co_await it.reaches(State::kReady);
    REQUIRE(ready);
    ::kill(-it.engine.status().pid, SIGSTOP);
    const Instant begin = loop.now();
    it.engine.stop(StopReason::kAsked);
    const bool stopped = co_await it.reaches(State::kStopped);
    CHECK(stopped);
    CHECK(loop.now() - begin < seconds(4));
  });
}

TEST_CASE("ten megabytes of output do not hold an engine up") {
  run([](io::Loop& loop, const Folder& folder) -> io::Task<void> {
    Watched it(loop, external(folder, {"--stderr-flood", "10000000"}));
    it.engine.start();
    const bool ready = co_await it.reaches(State::kReady);
    REQUIRE(ready);
    CHECK(it.engine.log().end() >= 10'000'000);
    CHECK(it.engine.log().from(0).size() <= io::LogRing::kCapacity);
  });
}

TEST_CASE("an engine that never answers is stopped when its time is over") {
  run([](io::Loop& loop, const Folder& folder) -> io::Task<void> {
    LifePipe life;
    Spec spec = external(folder, {"--hang", "--ignore-sigterm"});
    spec.start_timeout = milliseconds(300);
    spec.stop_grace = milliseconds(50);
    Watched it(loop, std::move(spec));
    it.engine.start();
    const bool failed = co_await it.reaches(State::kFailed);
    REQUIRE(failed);
    CHECK(to_error(*it.engine.status().last_error).code == Code::kTimeout);
    CHECK(life.all_gone());
  });
}

TEST_CASE("one probe without an answer does not keep the next from being asked") {
  run([](io::Loop& loop, const Folder& folder) -> io::Task<void> {
    // Accepts and says nothing; after the limit of one probe another engine takes its place.
    Spec spec = shell(
        "rm -f $S; $FAKE --unix $S --hang & sleep 1; kill -KILL $!; rm -f $S; "
        "exec $FAKE --unix $S");
    spec.check_path = "/health";
    spec.address.unix_path = folder.path() + "/e.sock";
    spec.command.env.push_back("S=" + spec.address.unix_path);
    spec.command.env.emplace_back("FAKE=" CORRAL_FAKE_ENGINE);
    Watched it(loop, std::move(spec));
    it.engine.start();
    const bool ready = co_await it.reaches(State::kReady);
    CHECK(ready);
  });
}

TEST_CASE("a stop while it loads ends an engine at once") {
  run([](io::Loop& loop, const Folder& folder) -> io::Task<void> {
    for (Spec spec :
         {external(folder, {"--load-ms", "60000"}), worker(folder, {"--load-ms", "60000"})}) {
      Watched it(loop, std::move(spec));
      it.stop_at = State::kLoading;
      it.engine.start();
      const bool stopped = co_await it.reaches(State::kStopped);
      CHECK(stopped);
      CHECK_FALSE(it.saw(State::kReady));
    }
  });
}

TEST_CASE("a start while an engine stops is remembered, and another stop takes it back") {
  run([](io::Loop& loop, const Folder&) -> io::Task<void> {
    Watched it(loop, shell("exec sleep 600"));
    it.engine.start();
    bool there = co_await it.reaches(State::kReady);
    REQUIRE(there);
    it.states.clear();
    it.engine.stop(StopReason::kAsked);
    it.engine.start();
    there = co_await it.reaches(State::kReady);
    REQUIRE(there);
    CHECK(it.states ==
          std::vector<State>{State::kStopping, State::kStopped, State::kStarting, State::kReady});
    it.states.clear();
    it.engine.stop(StopReason::kAsked);
    it.engine.start();
    it.engine.stop(StopReason::kAsked);
    there = co_await it.reaches(State::kStopped);
    CHECK(there);
    co_await io::sleep(loop, milliseconds(20));
    CHECK(it.states == std::vector<State>{State::kStopping, State::kStopped});
  });
}

TEST_CASE("a start that is stopped before it began has its end too") {
  run([](io::Loop& loop, const Folder&) -> io::Task<void> {
    Watched it(loop, shell("exec sleep 600"));
    it.engine.start();
    it.engine.stop(StopReason::kAsked);
    const bool stopped = co_await it.reaches(State::kStopped);
    CHECK(stopped);
    CHECK(it.states == std::vector<State>{State::kStarting, State::kStopping, State::kStopped});
  });
}

TEST_CASE("an engine that is dropped is killed with what it started") {
  run([](io::Loop& loop, const Folder& folder) -> io::Task<void> {
    LifePipe life;
    {
      Watched it(loop, external(folder, {"--ignore-sigterm", "--spawn-child"}));
      it.engine.start();
      const bool ready = co_await it.reaches(State::kReady);
      REQUIRE(ready);
      life.let_go();
      CHECK(life.some_live());
    }
    CHECK(life.all_gone());
  });
}

TEST_CASE("a worker tells how it loads, is ready by its word, and leaves when told") {
  run([](io::Loop& loop, const Folder& folder) -> io::Task<void> {
    Watched it(loop, worker(folder, {"--load-ms", "100", "--ignore-sigterm"}));
    it.engine.start();
    const bool ready = co_await it.reaches(State::kReady);
    REQUIRE(ready);
    CHECK(it.saw(State::kLoading));
    CHECK(it.progress == doctest::Approx(0.5));
    CHECK(it.engine.status().progress == 0);
    const Instant begin = loop.now();
    it.engine.stop(StopReason::kAsked);
    const bool stopped = co_await it.reaches(State::kStopped);
    CHECK(stopped);
    CHECK(loop.now() - begin < milliseconds(900));
    CHECK_FALSE(contains(it.engine.log().from(0), "cmd_child_to_router"));
    CHECK_FALSE(std::filesystem::exists(folder.path() + "/w.sock"));
  });
}

TEST_CASE("a worker starts beside the socket of an earlier one") {
  run([](io::Loop& loop, const Folder& folder) -> io::Task<void> {
    Watched it(loop, worker(folder, {}));
    for (int round = 0; round < 2; ++round) {
      it.states.clear();
      it.engine.start();
      const bool ready = co_await it.reaches(State::kReady);
      REQUIRE(ready);
      ::kill(it.engine.status().pid, SIGKILL);
      const bool failed = co_await it.reaches(State::kFailed);
      REQUIRE(failed);
    }
  });
}

TEST_CASE("a worker is gone when it shall stop, whatever it is deaf to") {
  run([](io::Loop& loop, const Folder& folder) -> io::Task<void> {
    Watched it(loop, worker(folder, {"--ignore-sigterm"}));
    it.engine.start();
    const bool ready = co_await it.reaches(State::kReady);
    REQUIRE(ready);
    const int pid = it.engine.status().pid;
    ::kill(-pid, SIGSTOP);
    it.engine.stop(StopReason::kAsked);
    const bool stopped = co_await it.reaches(State::kStopped);
    CHECK(stopped);
    CHECK(::kill(pid, 0) != 0);
    CHECK_FALSE(it.engine.status().last_error.has_value());
  });
}

TEST_CASE("a worker's word alone does not make it ready") {
  run([](io::Loop& loop, const Folder& folder) -> io::Task<void> {
    Spec spec = worker(folder, {"--says-ready-only"});
    spec.start_timeout = milliseconds(300);
    Watched it(loop, std::move(spec));
    it.engine.start();
    const bool failed = co_await it.reaches(State::kFailed);
    REQUIRE(failed);
    CHECK(to_error(*it.engine.status().last_error).code == Code::kTimeout);
    CHECK(contains(it.error(), "503"));
    CHECK_FALSE(it.saw(State::kReady));
  });
}

TEST_CASE("another spec is that of the next start, and of none if it is taken back") {
  run([](io::Loop& loop, const Folder& folder) -> io::Task<void> {
    Watched it(loop, worker(folder, {}));
    const Spec first = it.engine.spec();
    Spec second = first;
    second.command.argv.emplace_back("--slots");
    second.command.argv.emplace_back("3");
    it.engine.set_spec(second);
    CHECK(it.engine.spec() == second);
    CHECK_FALSE(it.engine.outdated());
    it.engine.set_spec(first);
    it.engine.start();
    bool there = co_await it.reaches(State::kReady);
    REQUIRE(there);
    it.engine.set_spec(second);
    CHECK(it.engine.spec() == first);
    CHECK(it.engine.outdated());
    it.engine.set_spec(first);
    CHECK_FALSE(it.engine.outdated());
    it.engine.set_spec(second);
    it.engine.stop(StopReason::kAsked);
    there = co_await it.reaches(State::kStopped);
    REQUIRE(there);
    CHECK(it.engine.spec() == second);
    CHECK_FALSE(it.engine.outdated());
  });
}

TEST_CASE("a start with less is told, and the next start has all again") {
  run([](io::Loop& loop, const Folder& folder) -> io::Task<void> {
    Watched it(loop, worker(folder, {}));
    const Spec full = it.engine.spec();
    ReducedSpec reduced{.spec = full, .reduction = {.context = 2048}};
    reduced.spec.command.argv.emplace_back("--events");
    reduced.spec.command.argv.emplace_back("3");
    it.engine.start_reduced(reduced);
    bool there = co_await it.reaches(State::kReady);
    REQUIRE(there);
    CHECK(it.engine.status().reduced == Reduction{.context = 2048});
    CHECK(it.engine.spec() == reduced.spec);
    it.engine.set_spec(full);
    CHECK_FALSE(it.engine.outdated());
    it.engine.stop(StopReason::kAsked);
    there = co_await it.reaches(State::kStopped);
    REQUIRE(there);
    CHECK_FALSE(it.engine.status().reduced.has_value());
    CHECK(it.engine.spec() == full);
  });
}
