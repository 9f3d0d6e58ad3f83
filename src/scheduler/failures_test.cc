#include <doctest/doctest.h>

#include <algorithm>

#include "scheduler/test_world.h"

using namespace corral;
using namespace corral::scheduler;

namespace {

// Fails the start that `id` asks for, and the one that follows, so that `id` is refused.
void fail_twice(World& world, RequestId id) {
  world.request(id, A);
  for (int i = 0; i < 2 && !world.scheduler.breaker_open(A); ++i) {
    world.now = std::max(world.now, world.scheduler.retry_at(A).value_or(world.now));
    world.tick();
    world.start_failed(A);
  }
}

// Opens the breaker of A with five failures.
void break_circuit(World& world) {
  for (RequestId id = 100; !world.scheduler.breaker_open(A); ++id) fail_twice(world, id);
  world.said();
}

}  // namespace

TEST_CASE("nothing is stopped for a model before its check has passed") {
  World world;
  world.load(1, A);
  world.checks = false;
  world.request(2, B);
  CHECK(world.said() == Said{"check b"});
  world.scheduler.checked(world.now, B, std::nullopt);
  CHECK(world.said() == Said{"stop a: evicted"});
  world.stopped(A);
  CHECK(world.said() == Said{"start b"});
}

TEST_CASE("a failed check refuses who waits and evicts nobody; the next request checks again") {
  World world;
  world.load(1, A);
  world.checks = false;
  world.request(2, B);
  world.request(3, B);
  world.said();
  world.check_fails(B);
  CHECK(world.said() == Said{"refuse 2", "refuse 3"});
  CHECK(world.last.front().error.message == "its file is gone");
  CHECK(world.scheduler.phase(A) == Phase::kReady);
  CHECK_FALSE(world.scheduler.retry_at(B).has_value());
  world.request(4, B);
  CHECK(world.said() == Said{"check b"});
}

TEST_CASE("newcomers pass while a model is only being checked, whatever its patience") {
  World world;
  world.run(1, A);
  world.checks = false;
  world.request(2, B);
  world.pass(seconds(6));
  world.request(3, A);
  CHECK(world.said() == Said{"check b", "grant 3"});
}

TEST_CASE(
    "a check that is over when nobody waits any more starts nothing, and counts for nothing") {
  World world;
  world.checks = false;
  world.request(1, A);
  world.cancel(1);
  world.scheduler.checked(world.now, A, std::nullopt);
  CHECK(world.said() == Said{"check a"});
  world.request(2, A);
  CHECK(world.said() == Said{"check a"});
}

TEST_CASE("who waits rides through one failed start and learns of the second") {
  World world;
  world.request(1, A);
  world.said();
  world.start_failed(A);
  CHECK(world.said() == Said{"start a"});  // the first failure costs no pause
  world.request(2, A);
  world.start_failed(A);
  CHECK(world.said() == Said{"refuse 1"});
  CHECK(world.last.front().error.code == Code::kIo);
  CHECK(world.last.front().error.message == "it did not start");
  CHECK(world.scheduler.waiting(A) == 1);
  const auto retry = world.scheduler.retry_at(A);
  REQUIRE(retry.has_value());
  CHECK(*retry - world.now >= milliseconds(800));
  CHECK(*retry - world.now <= milliseconds(1200));
  CHECK(world.scheduler.next_tick() == retry);
  world.tick();
  CHECK(world.said().empty());
  world.now = *retry;
  world.tick();
  CHECK(world.said() == Said{"start a"});
  world.ready(A);
  CHECK(world.said() == Said{"grant 2"});
}

TEST_CASE("who waited for all the time that a start may take does not wait for another") {
  World world;
  world.request(1, A);
  world.said();
  world.start_failed(A, Code::kTimeout);
  CHECK(world.said() == Said{"refuse 1"});
  CHECK(world.last.front().error.code == Code::kTimeout);
}

TEST_CASE("a pausing model holds no place") {
  World world;
  fail_twice(world, 1);
  world.said();
  world.request(2, A);
  world.request(3, B);
  CHECK(world.said() == Said{"start b"});
}

TEST_CASE("an engine that dies on every request is started ever more slowly") {
  World world({rule(1)});
  Duration longest{};
  for (RequestId id = 1; id <= 4; ++id) {
    world.request(id, A);
    if (const auto due = world.scheduler.retry_at(A)) {
      longest = std::max(longest, *due - world.now);
      world.now = *due;
    }
    world.tick();
    world.ready(A);
    world.died(A);
  }
  CHECK(longest >= milliseconds(1600));
  CHECK_FALSE(world.scheduler.breaker_open(A));
  world.request(5, A);
  world.now = *world.scheduler.retry_at(A);
  world.tick();
  world.ready(A);
  world.said();
  world.request(6, A);
  world.died(A);
  CHECK(world.said() == Said{"refuse 6"});
  CHECK(world.scheduler.breaker_open(A));
}

TEST_CASE("an open breaker refuses at once and says when to come again") {
  World world;
  break_circuit(world);
  world.pass(seconds(10));
  world.request(1, A);
  CHECK(world.said() == Said{"refuse 1"});
  const Decision& refusal = world.last.front();
  CHECK(refusal.error.code == Code::kUnavailable);
  CHECK(refusal.error.message.find("it did not start") != std::string::npos);
  CHECK(refusal.retry_after == seconds(20));
}

TEST_CASE("after a while a trial is let through; if it fails all who wait are refused") {
  World world;
  break_circuit(world);
  world.pass(seconds(30));
  world.request(1, A);
  CHECK(world.said() == Said{"start a"});
  world.request(2, A);
  world.start_failed(A);
  CHECK(world.said() == Said{"refuse 1", "refuse 2"});
  CHECK(world.last.front().retry_after == seconds(30));
}

TEST_CASE("a trial that proves itself closes the breaker") {
  World world({rule(4)});
  break_circuit(world);
  world.pass(seconds(30));
  for (RequestId id = 1; id <= 3; ++id) world.request(id, A);
  world.ready(A);
  CHECK(world.scheduler.breaker_open(A));
  for (RequestId id = 1; id <= 3; ++id) world.done(id);
  CHECK(world.until_tick() == seconds(1));
  world.pass(seconds(1));
  world.tick();
  CHECK_FALSE(world.scheduler.breaker_open(A));
}

TEST_CASE("a trial that runs for long closes the breaker, whoever asks it for something") {
  World world;
  break_circuit(world);
  world.pass(seconds(30));
  world.request(1, A);
  world.ready(A);
  CHECK(world.until_tick() == seconds(60));
  world.pass(seconds(60));
  world.tick();
  CHECK_FALSE(world.scheduler.breaker_open(A));
}

TEST_CASE("requests that a death has cut are no proof, though they are told to be over before it") {
  World world({rule(3)});
  Duration longest{};
  for (RequestId id = 1; !world.scheduler.breaker_open(A); id += 3) {
    if (const auto due = world.scheduler.retry_at(A)) {
      longest = std::max(longest, *due - world.now);
      world.now = std::max(world.now, *due);
    }
    for (RequestId i = id; i < id + 3; ++i) world.request(i, A);
    world.ready(A);
    for (RequestId i = id; i < id + 3; ++i) world.done(i);
    world.died(A);
    REQUIRE(id < 100);
  }
  CHECK(longest > seconds(3));
}

TEST_CASE("failures that are long past do not open the breaker") {
  World world;
  for (RequestId id = 1; id <= 4; ++id) {
    fail_twice(world, id);
    world.pass(std::chrono::minutes(4));
  }
  CHECK_FALSE(world.scheduler.breaker_open(A));
}

TEST_CASE("an engine that ran for long starts again at once when it dies") {
  World world({rule(1)});
  for (RequestId id = 1; id <= 3; ++id) {
    world.request(id, A);
    world.ready(A);
    world.pass(seconds(60));
    world.said();
    world.died(A);
    world.request(10 + id, A);
    CHECK(world.said() == Said{"start a"});
    world.cancel(10 + id);
    world.ready(A);
    world.pass(seconds(60));
    world.died(A);
    world.said();
  }
}

TEST_CASE("a person who unloads, or changes something, makes failures forgotten") {
  World world;
  break_circuit(world);
  world.unload(A);
  world.request(1, A);
  CHECK(world.said() == Said{"start a"});
  world.cancel(1);
  world.start_failed(A);
  break_circuit(world);
  world.scheduler.forget_failures(world.now, A);
  world.request(2, A);
  CHECK(world.said() == Said{"start a"});
}
