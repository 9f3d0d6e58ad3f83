// A small world around a Scheduler for its tests: models a, b, c..., a clock that moves only when
// told, and decisions as words ("start a", "grant 1", "stop a: evicted").
#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "scheduler/scheduler.h"

namespace corral::scheduler {

using Said = std::vector<std::string>;

inline constexpr ModelIndex A = 0, B = 1, C = 2;

inline ModelRule rule(std::size_t max_in_flight = 2, Duration ttl = Duration::zero()) {
  return {.id = "", .max_in_flight = max_in_flight, .max_waiting = 100, .ttl = ttl};
}

// Rules without an id are named a, b, c... by their place.
inline std::vector<ModelRule> named(std::vector<ModelRule> rules) {
  for (std::size_t i = 0; i < rules.size(); ++i) {
    if (rules[i].id.empty()) rules[i].id = std::string(1, static_cast<char>('a' + i));
  }
  return rules;
}

struct World {
  explicit World(std::vector<ModelRule> rules = {rule(), rule(), rule()},
                 std::unique_ptr<Policy> policy = std::make_unique<OneAtATime>())
      : names(named(std::move(rules))), scheduler(names, std::move(policy), {}) {}

  void request(RequestId id, ModelIndex model) { scheduler.request(now, id, model); }
  void replay(RequestId id, ModelIndex model) { scheduler.request(now, id, model, true); }
  void cancel(RequestId id) { scheduler.done(now, id); }
  void done(RequestId id) { scheduler.done(now, id); }
  void ready(ModelIndex model) { scheduler.ready(now, model); }
  void stopped(ModelIndex model) { scheduler.stopped(now, model); }
  void died(ModelIndex model) { scheduler.died(now, model, {Code::kClosed, "it died"}); }
  void start_failed(ModelIndex model) {
    scheduler.start_failed(now, model, {Code::kTimeout, "it did not start"});
  }
  void unload(ModelIndex model) { scheduler.unload(now, model); }
  void tick() { scheduler.tick(now); }
  void pass(Duration time) { now += time; }

  // How long from now until the next tick is due; negative if none is.
  Duration until_tick() const {
    const auto due = scheduler.next_tick();
    return due ? *due - now : Duration(-1);
  }

  // Starts `model` by way of request `id`, which stays in flight, and forgets what was said.
  void run(RequestId id, ModelIndex model) {
    request(id, model);
    ready(model);
    said();
  }

  // As run(), but leaves the engine idle.
  void load(RequestId id, ModelIndex model) {
    run(id, model);
    done(id);
    said();
  }

  Said said() {
    last = scheduler.take();
    Said words;
    for (const Decision& decision : last) words.push_back(word(decision));
    return words;
  }

  std::string word(const Decision& decision) const {
    const std::string& name = names[decision.model].id;
    switch (decision.kind) {
      case Decision::Kind::kGrant: return "grant " + std::to_string(decision.request);
      case Decision::Kind::kRefuse: return "refuse " + std::to_string(decision.request);
      case Decision::Kind::kStart: return "start " + name;
      case Decision::Kind::kStop: return "stop " + name + ": " + word(decision.reason);
    }
    return "?";
  }

  static std::string word(StopReason reason) {
    switch (reason) {
      case StopReason::kEvicted: return "evicted";
      case StopReason::kIdle: return "idle";
      case StopReason::kAsked: return "asked";
    }
    return "?";
  }

  std::vector<ModelRule> names;
  Scheduler scheduler;
  Instant now{};
  std::vector<Decision> last;  // what said() put into words
};

}  // namespace corral::scheduler
