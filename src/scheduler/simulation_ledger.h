// Ledger: the simulation's own account of what a Scheduler with the OneAtATime policy was told and
// what it decided. It keeps the books in the plainest way and names the first promise that is
// broken. The world tells it each event before the scheduler, then each decision, then settled().
#pragma once

#include <algorithm>
#include <deque>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "scheduler/scheduler.h"

namespace corral::scheduler {

struct Bounds {  // how long the simulated engines take at most
  Duration start, serve, stop;
};

class Ledger {
 public:
  Ledger(const std::vector<ModelRule>& rules, Limits limits, Bounds bounds)
      : limits_(limits), bounds_(bounds) {
    for (const ModelRule& rule : rules) models_.push_back({.rule = rule});
  }

  const std::string& broken() const { return broken_; }
  Phase phase(ModelIndex model) const { return models_[model].phase; }
  bool granted(RequestId id) const { return requests_[id].state == State::kGranted; }
  bool ended(RequestId id) const { return requests_[id].state == State::kEnded; }
  RequestId next_id() const { return requests_.size(); }

  // Requests that the engine of `model` serves.
  std::vector<RequestId> served_by(ModelIndex model) const {
    std::vector<RequestId> found;
    for (RequestId id = 0; id < requests_.size(); ++id) {
      const Request& request = requests_[id];
      const bool here = request.model == model && request.life == models_[model].life;
      if (here && request.state == State::kGranted) found.push_back(id);
    }
    return found;
  }

  // Events.

  void asked(Instant now, ModelIndex index, bool replay) {
    begin(now);
    Model& model = models_[index];
    const RequestId id = next_id();
    requests_.push_back({.model = index, .since = now, .arrived = now, .order = ++order_});
    if (shutting_down_ || (!replay && model.queue.size() >= model.rule.max_waiting)) {
      to_refuse_ = {id};
      refusal_ = shutting_down_ ? Code::kUnavailable : Code::kLimit;
      return;
    }
    auto place = model.queue.end();
    if (replay) {
      requests_[id].replay = true;
      place = std::find_if(model.queue.begin(), model.queue.end(),
                           [this](RequestId other) { return !requests_[other].replay; });
      if (place != model.queue.end()) {
        requests_[id].since = requests_[*place].since;
        requests_[id].order = requests_[*place].order;
      }
      for (auto passed = place; passed != model.queue.end(); ++passed) ++requests_[*passed].ahead;
    }
    requests_[id].ahead = static_cast<std::size_t>(place - model.queue.begin());
    model.queue.insert(place, id);
  }

  void over(Instant now, RequestId id) {  // its client left, or it was served
    begin(now);
    Request& request = requests_[id];
    Model& model = models_[request.model];
    if (request.state == State::kWaiting) {
      model.queue.erase(std::find(model.queue.begin(), model.queue.end(), id));
    } else if (request.state == State::kGranted && request.life == model.life) {
      --model.in_flight;
      model.idle_since = now;
    }
    request.state = State::kEnded;
  }

  void ready(Instant now, ModelIndex index) {
    begin(now);
    Model& model = models_[index];
    model.phase = Phase::kReady;
    model.ready_since = now;
    model.idle_since = now;
    batch_ = index;
  }

  void start_failed(Instant now, ModelIndex index, Code code) {
    begin(now);
    models_[index].phase = Phase::kStopped;
    must_refuse(index, code);
  }

  void stopped(Instant now, ModelIndex index) {
    begin(now);
    models_[index].phase = Phase::kStopped;
  }

  void died(Instant now, ModelIndex index) {
    begin(now);
    Model& model = models_[index];
    model.phase = Phase::kStopped;
    model.draining = false;
    model.in_flight = 0;
    ++model.life;
    model.turn_over = ++order_;
  }

  void unloaded(Instant now, const std::vector<ModelIndex>& which, bool for_good) {
    begin(now);
    shutting_down_ = shutting_down_ || for_good;
    for (const ModelIndex index : which) {
      must_refuse(index, Code::kUnavailable);
      Model& model = models_[index];
      model.draining = model.phase == Phase::kReady || model.phase == Phase::kStarting;
    }
  }

  void ticked(Instant now) { begin(now); }  // also for an event that is to be ignored

  // Decisions.

  void decided(const Decision& decision) {
    Model& model = models_[decision.model];
    switch (decision.kind) {
      case Decision::Kind::kGrant: return grant(decision.request, model, decision.model);
      case Decision::Kind::kRefuse: return refuse(decision);
      case Decision::Kind::kStart: return start(model, decision.model);
      case Decision::Kind::kStop: return stop(model, decision.model, decision.reason);
    }
  }

  // All decisions of the event are in.
  void settled(const Scheduler& scheduler) {
    expect(to_refuse_.empty(), "a request that had to be refused was not");
    std::size_t running = 0, moving = 0, waiting = 0;
    for (ModelIndex index = 0; index < models_.size(); ++index) {
      const Model& model = models_[index];
      expect(scheduler.phase(index) == model.phase, "the phase is not what the events say");
      expect(scheduler.waiting(index) == model.queue.size(), "the count of waiters is wrong");
      expect(scheduler.in_flight(index) == model.in_flight, "the count in flight is wrong");
      running += model.phase != Phase::kStopped ? 1 : 0;
      waiting += model.queue.size();
      if (model.phase == Phase::kStarting || model.phase == Phase::kStopping) ++moving;
      moving += model.in_flight;
      if (model.phase != Phase::kReady) continue;
      const bool room = model.in_flight < model.rule.max_in_flight;
      expect(model.queue.empty() || !room || model.draining || must_yield(index),
             "a request waits although its engine has room");
      expect(!model.draining || model.in_flight > 0, "an unloaded engine stays though it is idle");
      expect(!expired(model), "an idle engine outlives its time to live");
      const auto due = first_due(index);
      expect(!due || (scheduler.next_tick() && *scheduler.next_tick() <= *due),
             "no tick is due when time changes something");
    }
    expect(running <= 1, "two engines run at once");
    expect(waiting == 0 || moving > 0, "requests wait and nothing is under way");
    expect(!scheduler.next_tick() || *scheduler.next_tick() > now_, "the next tick is past");
  }

  // The world is at its end.
  void finished() {
    for (const Request& request : requests_) {
      expect(request.state == State::kEnded, "a request was forgotten");
    }
  }

 private:
  enum class State { kWaiting, kGranted, kEnded };

  struct Request {
    ModelIndex model;
    Instant since;    // for patience: a replay takes over the age of whom it goes before
    Instant arrived;  // for the bound on waiting
    std::uint64_t order = 0;
    std::size_t ahead = 0;  // requests of its model that were or went before it
    bool replay = false;
    State state = State::kWaiting;
    std::uint64_t life = 0;
  };

  struct Model {
    ModelRule rule;
    Phase phase = Phase::kStopped;
    std::deque<RequestId> queue{};
    std::size_t in_flight = 0;
    std::uint64_t life = 0;
    std::uint64_t turn_over = 0;
    bool draining = false;
    Instant ready_since{}, idle_since{};
  };

  void expect(bool holds, const char* promise) {
    if (!holds && broken_.empty()) broken_ = promise;
  }

  void begin(Instant now) {
    now_ = now;
    batch_ = models_.size();
  }

  void must_refuse(ModelIndex index, Code code) {
    std::deque<RequestId>& queue = models_[index].queue;
    to_refuse_.insert(to_refuse_.end(), queue.begin(), queue.end());
    queue.clear();
    refusal_ = code;
  }

  // When the first patience behind this engine ends; nothing if nobody waits for another.
  std::optional<Instant> patience_over(ModelIndex index) const {
    std::optional<Instant> first;
    for (ModelIndex other = 0; other < models_.size(); ++other) {
      if (other == index || models_[other].queue.empty()) continue;
      const Instant since = requests_[models_[other].queue.front()].since;
      const Instant over = std::max(since, models_[index].ready_since) + limits_.patience;
      if (!first || over < *first) first = over;
    }
    return first;
  }

  bool must_yield(ModelIndex index) const {
    const auto over = patience_over(index);
    return over && now_ >= *over;
  }

  // When time alone changes what a ready engine does: its patience towards others ends, or its
  // time to live.
  std::optional<Instant> first_due(ModelIndex index) const {
    const Model& model = models_[index];
    if (must_yield(index)) return {};
    if (const auto over = patience_over(index)) return over;
    const bool lives_on = model.rule.ttl == Duration::zero() || model.in_flight > 0;
    if (lives_on || !model.queue.empty()) return {};
    return model.idle_since + model.rule.ttl;
  }

  bool expired(const Model& model) const {
    return model.rule.ttl > Duration::zero() && model.in_flight == 0 && model.queue.empty() &&
           now_ >= model.idle_since + model.rule.ttl;
  }

  // The longest that a request may wait: each turn of its model serves as many as the engine takes,
  // and between two of its turns every model has one at most.
  Duration longest_wait(const Request& request) const {
    const Duration turn = bounds_.start + limits_.patience + bounds_.serve + bounds_.stop;
    const std::size_t turns = request.ahead / models_[request.model].rule.max_in_flight + 2;
    return turn * static_cast<int>(turns * models_.size());
  }

  void grant(RequestId id, Model& model, ModelIndex index) {
    expect(model.phase == Phase::kReady, "granted though the engine is not ready");
    expect(!model.draining, "granted while the engine drains for an unload");
    expect(model.in_flight < model.rule.max_in_flight, "granted beyond what the engine takes");
    expect(batch_ == index || !must_yield(index), "granted beyond the patience of another model");
    if (model.queue.empty() || model.queue.front() != id) {
      return expect(false, "granted out of order, or not waiting");
    }
    model.queue.pop_front();
    ++model.in_flight;
    Request& request = requests_[id];
    request.state = State::kGranted;
    request.life = model.life;
    expect(now_ - request.arrived <= longest_wait(request), "a request waited too long");
  }

  void refuse(const Decision& decision) {
    if (to_refuse_.empty() || to_refuse_.front() != decision.request) {
      return expect(false, "refused without a reason, or out of order");
    }
    expect(decision.error.code == refusal_, "refused with the wrong code");
    expect(!decision.error.message.empty(), "refused without a sentence");
    to_refuse_.pop_front();
    requests_[decision.request].state = State::kEnded;
  }

  std::uint64_t turn(const Model& model) const {
    return std::max(requests_[model.queue.front()].order, model.turn_over);
  }

  void start(Model& model, ModelIndex index) {
    if (model.queue.empty()) return expect(false, "started for nobody");
    for (ModelIndex other = 0; other < models_.size(); ++other) {
      expect(models_[other].phase == Phase::kStopped, "started while an engine is not stopped");
      const bool waits = other != index && !models_[other].queue.empty();
      expect(!waits || turn(model) < turn(models_[other]), "started before its turn");
    }
    model.phase = Phase::kStarting;
  }

  void stop(Model& model, ModelIndex index, StopReason reason) {
    expect(model.in_flight == 0, "stopped while busy");
    expect(model.phase == Phase::kReady || (model.phase == Phase::kStarting && model.draining),
           "stopped in the wrong phase");
    switch (reason) {
      case StopReason::kAsked: expect(model.draining, "nobody asked for this stop"); break;
      case StopReason::kIdle: expect(expired(model), "stopped as idle too early"); break;
      case StopReason::kEvicted:
        expect(model.queue.empty() || must_yield(index), "evicted before its waiters were served");
        expect(std::any_of(models_.begin(), models_.end(),
                           [&](const Model& m) { return &m != &model && !m.queue.empty(); }),
               "evicted for nobody");
        model.turn_over = ++order_;
        break;
    }
    model.draining = false;
    model.phase = Phase::kStopping;
  }

  const Limits limits_;
  const Bounds bounds_;
  std::vector<Model> models_;
  std::vector<Request> requests_;  // by id
  std::deque<RequestId> to_refuse_;
  Code refusal_ = Code::kInternal;
  ModelIndex batch_ = 0;  // the model that became ready in this event, if any
  std::uint64_t order_ = 0;
  bool shutting_down_ = false;
  Instant now_{};
  std::string broken_;
};

}  // namespace corral::scheduler
