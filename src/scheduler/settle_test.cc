// Swaps, fairness between models, and what other policies than OneAtATime may rely on.
#include <doctest/doctest.h>

#include "scheduler/scheduler.h"
#include "scheduler/test_world.h"

using namespace corral;
using namespace corral::scheduler;

namespace {

// Engines of the pairs (a, b) and (c, d) exclude each other; the pairs do not.
class Pairs : public Policy {
 public:
  std::vector<ModelIndex> evicted_by(ModelIndex target,
                                     const std::vector<Phase>& phases) const override {
    const ModelIndex other = target ^ 1;
    if (phases[other] == Phase::kStopped) return {};
    return {other};
  }
};

// b evicts everything, the others evict nothing but b.
class Big : public Policy {
 public:
  std::vector<ModelIndex> evicted_by(ModelIndex target,
                                     const std::vector<Phase>& phases) const override {
    if (target == B) return OneAtATime().evicted_by(target, phases);
    if (phases[B] == Phase::kStopped) return {};
    return {B};
  }
};

// b evicts a, and a does not evict b: a group that is exclusive one way.
class OneWay : public Policy {
 public:
  std::vector<ModelIndex> evicted_by(ModelIndex target,
                                     const std::vector<Phase>& phases) const override {
    if (target == B && phases[A] != Phase::kStopped) return {A};
    return {};
  }
};

constexpr ModelIndex D = 3;

}  // namespace

TEST_CASE("one at a time evicts all that is not stopped, whatever it does") {
  const OneAtATime policy;
  const std::vector<Phase> phases = {Phase::kReady, Phase::kStopped, Phase::kStopping,
                                     Phase::kStarting, Phase::kStopped};
  CHECK(policy.evicted_by(1, phases) == std::vector<ModelIndex>{0, 2, 3});
  CHECK(policy.evicted_by(0, phases) == std::vector<ModelIndex>{2, 3});
}

TEST_CASE("an idle engine is evicted at once and the target starts when it has stopped") {
  World world;
  world.load(1, A);
  world.request(2, B);
  CHECK(world.said() == Said{"stop a: evicted"});
  CHECK(world.scheduler.phase(B) == Phase::kStopped);
  world.stopped(A);
  CHECK(world.said() == Said{"start b"});
  world.ready(B);
  CHECK(world.said() == Said{"grant 2"});
}

TEST_CASE("a busy engine is evicted only when its requests are over") {
  World world;
  world.run(1, A);
  world.request(2, A);
  world.said();
  world.request(3, B);
  world.done(1);
  CHECK(world.said().empty());
  world.done(2);
  CHECK(world.said() == Said{"stop a: evicted"});
}

TEST_CASE("an engine that starts is not evicted, and serves who waited for it") {
  World world;
  world.request(1, A);
  world.request(2, B);
  CHECK(world.said() == Said{"start a"});
  world.ready(A);
  CHECK(world.said() == Said{"grant 1"});
  world.done(1);
  CHECK(world.said() == Said{"stop a: evicted"});
}

TEST_CASE("an engine that became ready with nobody left to serve is evicted at once") {
  World world;
  world.request(1, A);
  world.request(2, B);
  world.cancel(1);
  world.said();
  world.ready(A);
  CHECK(world.said() == Said{"stop a: evicted"});
}

TEST_CASE("the death of the engine in the way lets the target start") {
  World world;
  world.run(1, A);
  world.request(2, B);
  world.died(A);
  CHECK(world.said() == Said{"start b"});
}

TEST_CASE("nothing starts when the requester goes while the others stop") {
  World world;
  world.load(1, A);
  world.request(2, B);
  world.cancel(2);
  world.stopped(A);
  CHECK(world.said() == Said{"stop a: evicted"});
  CHECK(world.scheduler.all_stopped());
}

TEST_CASE("a request for an engine that is being evicted waits for its next start") {
  World world;
  world.load(1, A);
  world.request(2, B);
  world.request(3, A);
  world.stopped(A);
  world.ready(B);
  world.done(2);
  world.stopped(B);
  world.ready(A);
  CHECK(world.said() ==
        Said{"stop a: evicted", "start b", "grant 2", "stop b: evicted", "start a", "grant 3"});
}

TEST_CASE("newcomers of a busy model pass within the patience of others") {
  World world;
  world.run(1, A);
  world.request(2, B);
  world.pass(seconds(5) - milliseconds(1));
  world.request(3, A);
  CHECK(world.said() == Said{"grant 3"});
}

TEST_CASE("after the patience of another model newcomers wait and the engine drains") {
  World world;
  world.run(1, A);
  world.request(2, B);
  world.pass(seconds(5));
  world.request(3, A);
  CHECK(world.said().empty());
  world.done(1);
  CHECK(world.said() == Said{"stop a: evicted"});
  world.stopped(A);
  CHECK(world.said() == Said{"start b"});
}

TEST_CASE("the next tick is due when a patience ends, and then no more") {
  World world;
  world.run(1, A);
  CHECK_FALSE(world.scheduler.next_tick().has_value());
  world.pass(seconds(1));
  world.request(2, B);
  CHECK(world.until_tick() == seconds(5));
  world.pass(seconds(5));
  world.tick();
  CHECK_FALSE(world.scheduler.next_tick().has_value());
}

TEST_CASE("newcomers pass again when the impatient request has gone") {
  World world;
  world.run(1, A);
  world.request(2, B);
  world.pass(seconds(6));
  world.request(3, A);
  CHECK(world.said().empty());
  world.cancel(2);
  CHECK(world.said() == Said{"grant 3"});
}

TEST_CASE("waiting models are served in the order of their oldest request") {
  World world;
  world.run(1, A);
  world.request(2, C);
  world.request(3, B);
  world.request(4, C);
  world.done(1);
  world.stopped(A);
  world.ready(C);
  CHECK(world.said() == Said{"stop a: evicted", "start c", "grant 2", "grant 4"});
  world.done(2);
  world.done(4);
  world.stopped(C);
  CHECK(world.said() == Said{"stop c: evicted", "start b"});
}

TEST_CASE("all who wait for an engine are granted when it is ready, however long others waited") {
  World world;
  world.run(1, A);
  world.request(2, B);
  world.request(3, B);
  world.request(4, C);
  world.done(1);
  world.stopped(A);
  world.said();
  world.pass(seconds(100));
  world.ready(B);
  CHECK(world.said() == Said{"grant 2", "grant 3"});
}

TEST_CASE("patience counts anew behind each engine") {
  World world;
  world.request(1, A);
  world.request(2, B);
  world.pass(seconds(100));
  world.ready(A);
  CHECK(world.until_tick() == seconds(5));
  world.pass(seconds(4));
  world.request(3, A);
  CHECK(world.said() == Said{"start a", "grant 1", "grant 3"});
  world.done(1);
  world.pass(seconds(1));
  world.request(4, A);
  CHECK(world.said().empty());
}

TEST_CASE("without patience an engine still serves who waited for it") {
  World world({rule(), rule()}, std::make_unique<OneAtATime>(), {.patience = Duration::zero()});
  world.request(1, A);
  world.request(2, B);
  CHECK(world.said() == Said{"start a"});
  world.ready(A);
  CHECK(world.said() == Said{"grant 1"});
  world.request(3, A);
  CHECK(world.scheduler.waiting(A) == 1);
}

TEST_CASE("what an evicted engine leaves waiting comes after the models that waited then") {
  World world({rule(1), rule(1), rule(1)});
  for (RequestId id = 1; id <= 3; ++id) world.request(id, A);
  world.request(4, B);
  world.request(5, C);
  world.ready(A);
  world.pass(seconds(5));
  world.done(1);
  CHECK(world.said() == Said{"start a", "grant 1", "stop a: evicted"});
  world.stopped(A);
  world.ready(B);
  world.done(4);
  world.stopped(B);
  world.ready(C);
  world.done(5);
  world.stopped(C);
  world.ready(A);
  CHECK(world.said() == Said{"start b", "grant 4", "stop b: evicted", "start c", "grant 5",
                             "stop c: evicted", "start a", "grant 2"});
}

TEST_CASE("a long queue is worked off within patience before the engine yields") {
  World world({rule(1), rule(1)});
  for (RequestId id = 1; id <= 3; ++id) world.request(id, A);
  world.request(4, B);
  world.ready(A);
  world.pass(seconds(1));
  world.done(1);
  world.pass(seconds(1));
  world.done(2);
  CHECK(world.said() == Said{"start a", "grant 1", "grant 2", "grant 3"});
}

TEST_CASE("an engine that dies again and again does not keep another model from its turn") {
  World world({rule(1), rule(1)});
  for (RequestId id = 1; id <= 5; ++id) world.request(id, A);
  world.request(6, B);
  world.ready(A);
  world.died(A);
  CHECK(world.said() == Said{"start a", "grant 1", "start b"});
}

TEST_CASE("a replayed request keeps its model's place in line") {
  World world({rule(1), rule(1), rule(1)});
  world.run(1, A);
  world.request(2, B);
  world.request(3, C);
  world.replay(4, B);
  world.cancel(2);
  world.done(1);
  world.stopped(A);
  CHECK(world.said() == Said{"stop a: evicted", "start b"});
}

TEST_CASE("engines that a policy lets run together start together") {
  World world({rule(), rule(), rule(), rule()}, std::make_unique<Pairs>());
  world.request(1, A);
  world.request(2, C);
  CHECK(world.said() == Said{"start a", "start c"});
}

TEST_CASE("a swap that waits does not hold up a model that it does not touch") {
  World world({rule(), rule(), rule(), rule()}, std::make_unique<Pairs>());
  world.run(1, A);
  world.request(2, B);
  world.request(3, D);
  CHECK(world.said() == Said{"start d"});
  world.ready(D);
  CHECK(world.said() == Said{"grant 3"});
}

TEST_CASE("an engine yields only to models that would evict it") {
  World world({rule(), rule(), rule(), rule()}, std::make_unique<Pairs>());
  world.run(1, A);
  world.run(2, C);
  world.request(3, B);
  world.pass(seconds(5));
  world.request(4, A);
  world.request(5, C);
  CHECK(world.said() == Said{"grant 5"});
}

TEST_CASE("nothing later in line starts in the place of a model that waits for evictions") {
  World world({rule(), rule(), rule()}, std::make_unique<Big>());
  world.run(1, A);
  world.request(2, B);
  world.request(3, C);
  CHECK(world.said().empty());
  world.done(1);
  world.stopped(A);
  CHECK(world.said() == Said{"stop a: evicted", "start b"});
}

TEST_CASE("no engine of several is evicted before all are idle") {
  World world({rule(), rule(), rule()}, std::make_unique<Big>());
  world.run(1, A);
  world.load(2, C);
  world.request(3, B);
  CHECK(world.said().empty());
  world.request(4, C);
  world.done(1);
  CHECK(world.said() == Said{"grant 4"});
  world.done(4);
  CHECK(world.said() == Said{"stop a: evicted", "stop c: evicted"});
  world.stopped(C);
  CHECK(world.said().empty());
  world.stopped(A);
  CHECK(world.said() == Said{"start b"});
}

TEST_CASE("where only one of two excludes the other, the later one starts beside it") {
  World world({rule(), rule()}, std::make_unique<OneWay>());
  world.load(1, B);
  world.request(2, A);
  CHECK(world.said() == Said{"start a"});
}

TEST_CASE("a thousand models with ten thousand waiters are all served") {
  constexpr std::size_t kModels = 1000;
  constexpr RequestId kRequests = 10000;
  std::vector<ModelRule> rules(kModels, rule(10));
  for (ModelRule& each : rules) each.id = "m";
  Scheduler scheduler(rules, std::make_unique<OneAtATime>(), {});
  for (RequestId id = 0; id < kRequests; ++id) scheduler.request({}, id, id % kModels);
  std::size_t granted = 0;
  for (auto decisions = scheduler.take(); !decisions.empty(); decisions = scheduler.take()) {
    for (const Decision& decision : decisions) {
      if (decision.kind == Decision::Kind::kCheck) scheduler.checked({}, decision.model, {});
      if (decision.kind == Decision::Kind::kStart) scheduler.ready({}, decision.model);
      if (decision.kind == Decision::Kind::kStop) scheduler.stopped({}, decision.model);
      if (decision.kind != Decision::Kind::kGrant) continue;
      ++granted;
      scheduler.done({}, decision.request);
    }
  }
  CHECK(granted == kRequests);
}
