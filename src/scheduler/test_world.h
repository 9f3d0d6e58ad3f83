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
                 std::unique_ptr<Policy> policy = std::make_unique<OneAtATime>(),
                 const Limits& limits = {})
      : names(named(std::move(rules))), scheduler(names, std::move(policy), limits) {}

  void request(RequestId id, ModelIndex model, bool again = false) {
    scheduler.request(now, id, model, again);
    hear();
  }
  void replay(RequestId id, ModelIndex model) { request(id, model, true); }
  void cancel(RequestId id) { done(id); }
  void done(RequestId id) {
    scheduler.done(now, id);
    hear();
  }
  void check_fails(ModelIndex model) {
    scheduler.checked(now, model, Error{Code::kNotFound, "its file is gone"});
    hear();
  }
  void ready(ModelIndex model) {
    scheduler.ready(now, model);
    hear();
  }
  void stopped(ModelIndex model) {
    scheduler.stopped(now, model);
    hear();
  }
  void died(ModelIndex model) {
    scheduler.died(now, model, {Code::kClosed, "it died"});
    hear();
  }
  void start_failed(ModelIndex model, Code code = Code::kIo) {
    scheduler.start_failed(now, model, {code, "it did not start"});
    hear();
  }
  void unload(ModelIndex model) {
    scheduler.unload(now, model);
    hear();
  }
  void suspend() {
    scheduler.suspend(now);
    hear();
  }
  void resume() {
    scheduler.resume(now);
    hear();
  }
  bool memory_short() {
    const bool stopped = scheduler.memory_short(now).has_value();
    hear();
    return stopped;
  }
  void tick() {
    scheduler.tick(now);
    hear();
  }
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

  // Checks pass at once and are not told of, unless `checks` is false.
  void hear() {
    for (std::vector<Decision> some = scheduler.take(); !some.empty(); some = scheduler.take()) {
      for (Decision& decision : some) {
        if (checks && decision.kind == Decision::Kind::kCheck) {
          scheduler.checked(now, decision.model, std::nullopt);
        } else {
          heard.push_back(std::move(decision));
        }
      }
    }
  }

  Said said() {
    hear();
    last = std::exchange(heard, {});
    Said words;
    for (const Decision& decision : last) words.push_back(word(decision));
    return words;
  }

  std::string word(const Decision& decision) const {
    const std::string& name = names[decision.model].id;
    switch (decision.kind) {
      case Decision::Kind::kGrant: return "grant " + std::to_string(decision.request);
      case Decision::Kind::kRefuse: return "refuse " + std::to_string(decision.request);
      case Decision::Kind::kCheck: return "check " + name;
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
      case StopReason::kSuspend: return "suspend";
    }
    return "?";
  }

  std::vector<ModelRule> names;
  Scheduler scheduler;
  Instant now{};
  bool checks = true;
  std::vector<Decision> heard;  // and not yet put into words
  std::vector<Decision> last;   // what said() put into words
};

}  // namespace corral::scheduler
