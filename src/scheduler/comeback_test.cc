// What runs although nobody waits for it, and what becomes of all while the machine sleeps.
#include <doctest/doctest.h>

#include "scheduler/test_world.h"

using namespace corral;
using namespace corral::scheduler;

namespace {

ModelRule kept(Duration ttl = Duration::zero()) {
  ModelRule made = rule(2, ttl);
  made.keep = true;
  return made;
}

// All run side by side.
class Free : public Policy {
 public:
  std::vector<ModelIndex> evicted_by(ModelIndex, const std::vector<Phase>&) const override {
    return {};
  }
};

}  // namespace

TEST_CASE("a kept engine that died is checked and starts again though nobody waits") {
  World world({kept(), rule()});
  world.load(1, A);
  world.checks = false;
  world.died(A);
  CHECK(world.said() == Said{"check a"});
  world.scheduler.checked(world.now, A, std::nullopt);
  CHECK(world.said() == Said{"start a"});
  world.ready(A);
  CHECK(world.said().empty());
}

TEST_CASE(
    "a kept engine that dies again and again pauses ever longer, then is tried now and then") {
  World world({kept(), rule()});
  world.load(1, A);
  world.died(A);
  CHECK(world.said() == Said{"start a"});
  for (int failures = 2; failures <= 4; ++failures) {
    world.start_failed(A);
    CHECK(world.said().empty());
    CHECK(world.scheduler.next_tick() == world.scheduler.retry_at(A));
    CHECK(world.until_tick() >= milliseconds(800) * (1 << (failures - 2)));
    world.now = *world.scheduler.next_tick();
    world.tick();
    CHECK(world.said() == Said{"start a"});
  }
  world.start_failed(A);
  CHECK(world.scheduler.breaker_open(A));
  CHECK(world.until_tick() == seconds(30));
  world.pass(seconds(30));
  world.tick();
  CHECK(world.said() == Said{"start a"});
}

TEST_CASE("a kept model is not started before somebody has asked for it") {
  World world({kept(), kept()});
  world.tick();
  CHECK(world.said().empty());
  world.request(1, A);
  world.cancel(1);
  world.said();
  world.start_failed(A);
  CHECK(world.said().empty());
}

TEST_CASE("a kept engine that was stopped for a reason stays stopped") {
  World world({kept(seconds(60)), kept()});
  world.load(1, A);
  world.unload(A);
  world.stopped(A);
  CHECK(world.said() == Said{"stop a: asked"});
  world.load(2, A);
  world.pass(seconds(60));
  world.tick();
  world.stopped(A);
  CHECK(world.said() == Said{"stop a: idle"});
  world.load(3, A);
  world.request(4, B);
  world.stopped(A);
  world.ready(B);
  world.done(4);
  world.unload(B);
  world.stopped(B);
  CHECK(world.said() == Said{"stop a: evicted", "start b", "grant 4", "stop b: asked"});
}

TEST_CASE("a kept engine that dies while it drains for an unload stays stopped") {
  World world({kept()});
  world.run(1, A);
  world.unload(A);
  world.died(A);
  CHECK(world.said().empty());
}

TEST_CASE("a kept engine that was unloaded while it pauses or is checked stays stopped") {
  World world({kept()});
  world.load(1, A);
  world.checks = false;
  world.died(A);
  world.unload(A);
  world.scheduler.checked(world.now, A, std::nullopt);
  CHECK(world.said() == Said{"check a"});
  world.checks = true;
  world.load(2, A);
  world.died(A);
  world.start_failed(A);
  world.said();
  world.unload(A);
  CHECK_FALSE(world.scheduler.next_tick().has_value());
  world.pass(seconds(60));
  world.tick();
  CHECK(world.said().empty());
}

TEST_CASE("a kept engine evicts nobody, and is given up where another runs in its place") {
  World world({kept(), rule()});
  world.load(1, A);
  world.died(A);
  world.start_failed(A);
  world.load(2, B);
  world.pass(seconds(60));
  world.tick();
  CHECK(world.said().empty());
  world.unload(B);
  world.stopped(B);
  CHECK(world.said() == Said{"stop b: asked"});
  world.request(3, A);
  CHECK(world.said() == Said{"start a"});
}

TEST_CASE("who waits goes before a kept engine") {
  World world({kept(), rule()});
  world.run(1, A);
  world.request(2, B);
  world.died(A);
  CHECK(world.said() == Said{"start b"});
}

TEST_CASE("a kept engine whose check fails waits for the next request") {
  World world({kept()});
  world.load(1, A);
  world.checks = false;
  world.died(A);
  world.check_fails(A);
  CHECK(world.said() == Said{"check a"});
  world.request(2, A);
  CHECK(world.said() == Said{"check a"});
}

TEST_CASE(
    "suspending stops engines whoever they serve, and resuming brings back the one that ran") {
  World world;
  world.run(1, A);
  world.suspend();
  CHECK(world.said() == Said{"stop a: suspend"});
  CHECK(world.scheduler.in_flight(A) == 0);
  world.suspend();
  world.done(1);
  world.stopped(A);
  CHECK(world.said().empty());
  CHECK(world.scheduler.all_stopped());
  world.resume();
  CHECK(world.said() == Said{"start a"});
  world.ready(A);
  CHECK(world.said().empty());
}

TEST_CASE("requests that come while the machine sleeps wait, and are served when it wakes") {
  World world;
  world.run(1, A);
  world.suspend();
  world.stopped(A);
  world.request(2, B);
  world.replay(3, A);
  world.said();
  world.pass(seconds(100));
  world.tick();
  CHECK(world.said().empty());
  world.resume();
  CHECK(world.said() == Said{"start b"});
  world.ready(B);
  world.done(2);
  world.stopped(B);
  world.ready(A);
  CHECK(world.said() == Said{"grant 2", "stop b: evicted", "start a", "grant 3"});
}

TEST_CASE("an engine that starts is stopped by suspending, and starts again for who waits") {
  World world;
  world.request(1, A);
  world.suspend();
  world.ready(A);
  world.stopped(A);
  CHECK(world.said() == Said{"start a", "stop a: suspend"});
  world.resume();
  CHECK(world.said() == Said{"start a"});
  CHECK_FALSE(world.scheduler.retry_at(A).has_value());
}

TEST_CASE("waking before all have stopped waits for them") {
  World world;
  world.load(1, A);
  world.suspend();
  world.resume();
  CHECK(world.said() == Said{"stop a: suspend"});
  world.stopped(A);
  CHECK(world.said() == Said{"start a"});
}

TEST_CASE("a check from before the machine slept is made again") {
  World world;
  world.load(1, A);
  world.checks = false;
  world.request(2, B);
  world.suspend();
  world.scheduler.checked(world.now, B, std::nullopt);
  world.stopped(A);
  CHECK(world.said() == Said{"check b", "stop a: suspend"});
  world.resume();
  CHECK(world.said() == Said{"check b"});
}

TEST_CASE("the engines that ran come back in the order of their last use") {
  World world({rule(), rule(), rule()}, std::make_unique<Free>());
  for (const ModelIndex model : {C, A, B}) {
    world.load(model, model);
    world.pass(seconds(1));
  }
  world.suspend();
  for (const ModelIndex model : {A, B, C}) world.stopped(model);
  world.said();
  world.resume();
  CHECK(world.said() == Said{"start b", "start a", "start c"});
}

TEST_CASE("of what ran, only what runs beside those before it comes back") {
  // Lets all run side by side until memory is found to be short.
  class Alone : public Policy {
   public:
    std::vector<ModelIndex> evicted_by(ModelIndex,
                                       const std::vector<Phase>& phases) const override {
      if (!tight) return {};
      std::vector<ModelIndex> running;
      for (ModelIndex model = 0; model < phases.size(); ++model) {
        if (phases[model] != Phase::kStopped) running.push_back(model);
      }
      return running;
    }
    bool tight = false;
  };
  auto policy = std::make_unique<Alone>();
  Alone& alone = *policy;
  World world({rule(), rule(), rule()}, std::move(policy));
  for (const ModelIndex model : {A, B, C}) {
    world.load(model, model);
    world.pass(seconds(1));
  }
  world.suspend();
  for (const ModelIndex model : {A, B, C}) world.stopped(model);
  world.said();
  alone.tight = true;
  world.resume();
  CHECK(world.said() == Said{"start c"});
  world.start_failed(C);
  world.pass(seconds(60));
  world.tick();
  CHECK(world.said().empty());
}

TEST_CASE("an engine that was being unloaded when the machine slept does not come back") {
  World world;
  world.run(1, A);
  world.unload(A);
  world.suspend();
  world.stopped(A);
  world.resume();
  CHECK(world.said() == Said{"stop a: suspend"});
}

TEST_CASE("shutting down while the machine sleeps is over when all have stopped") {
  World world;
  world.load(1, A);
  world.suspend();
  world.request(2, B);
  world.scheduler.shut_down(world.now);
  world.stopped(A);
  world.resume();
  CHECK(world.said() == Said{"stop a: suspend", "refuse 2"});
  CHECK(world.scheduler.all_stopped());
}
