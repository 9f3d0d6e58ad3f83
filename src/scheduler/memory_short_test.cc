// What is stopped when the machine is short of memory, and what is not.
#include <doctest/doctest.h>

#include "scheduler/test_world.h"

using namespace corral;
using namespace corral::scheduler;

namespace {

// All run side by side.
class Free : public Policy {
 public:
  std::vector<ModelIndex> evicted_by(ModelIndex, const std::vector<Phase>&) const override {
    return {};
  }
};

World three(const ModelRule& first = rule()) {
  return World({first, rule(), rule()}, std::make_unique<Free>());
}

}  // namespace

TEST_CASE("where memory is short the idle engine used longest ago is stopped, one each time") {
  World world = three();
  for (const ModelIndex model : {B, C, A}) {
    world.load(model, model);
    world.pass(seconds(1));
  }
  CHECK(world.memory_short());
  CHECK(world.said() == Said{"stop b: evicted"});
  CHECK(world.memory_short());
  CHECK(world.said() == Said{"stop c: evicted"});
  world.stopped(B);
  world.stopped(C);
  CHECK(world.said().empty());  // neither comes back by itself
}

TEST_CASE("memory that is short takes no engine that serves or that somebody waits for") {
  World world = three(rule(1));
  world.run(1, A);
  world.request(2, A);
  world.request(3, B);
  world.said();
  CHECK_FALSE(world.memory_short());
  world.done(1);
  CHECK_FALSE(world.memory_short());
  CHECK(world.said() == Said{"grant 2"});
  world.done(2);
  CHECK(world.memory_short());
  CHECK(world.said() == Said{"stop a: evicted"});
}

TEST_CASE("memory that is short takes no engine that is kept") {
  ModelRule kept = rule();
  kept.keep = true;
  World world = three(kept);
  world.load(1, A);
  world.pass(seconds(1));
  world.load(2, B);
  CHECK(world.memory_short());
  CHECK(world.said() == Said{"stop b: evicted"});
  CHECK_FALSE(world.memory_short());
  CHECK(world.said().empty());
}

TEST_CASE("an engine that was stopped because memory is short starts again for a request") {
  World world = three();
  world.load(1, A);
  world.memory_short();
  world.request(2, A);
  CHECK(world.said() == Said{"stop a: evicted"});
  world.stopped(A);
  world.ready(A);
  CHECK(world.said() == Said{"start a", "grant 2"});
}
