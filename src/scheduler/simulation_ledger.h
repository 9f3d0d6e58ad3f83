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
  Duration check, start, serve, stop;
};

class Ledger {
 public:
  Ledger(const std::vector<ModelRule>& rules, Limits limits, Bounds bounds)
      : limits_(limits), bounds_(bounds) {
    for (const ModelRule& rule : rules) models_.push_back({.rule = rule});
  }

  const std::string& broken() const { return broken_; }
  Phase phase(ModelIndex model) const { return models_[model].phase; }
  bool checking(ModelIndex model) const { return models_[model].checking; }
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
    const bool broken = model.broken && pauses(model);
    if (shutting_down_ || broken || (!replay && model.queue.size() >= model.rule.max_waiting)) {
      to_refuse_ = {id};
      refusal_ = shutting_down_ || broken ? Code::kUnavailable : Code::kLimit;
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
      if (++model.served == limits_.proving_requests) model.proven_at = now;
      prove(model);
    }
    request.state = State::kEnded;
  }

  void checked(Instant now, ModelIndex index, std::optional<Code> error) {
    begin(now);
    Model& model = models_[index];
    model.checking = false;
    model.passed = !error && !suspended_;
    if (!error) return;
    model.returns = false;
    must_refuse(index, *error);
  }

  void ready(Instant now, ModelIndex index) {
    begin(now);
    Model& model = models_[index];
    model.phase = Phase::kReady;
    model.ready_since = now;
    model.idle_since = now;
    model.served = 0;
    model.retry.reset();
    model.returns = model.rule.keep;
    batch_ = index;
  }

  void start_failed(Instant now, ModelIndex index, Code code) {
    begin(now);
    Model& model = models_[index];
    model.phase = Phase::kStopped;
    if (fails(index)) return;
    refusal_ = code;
    const int most = code == Code::kTimeout ? 1 : 2;
    const auto is_over = [&](RequestId id) { return requests_[id].failed_starts >= most; };
    for (const RequestId id : model.queue) {
      ++requests_[id].failed_starts;
      if (is_over(id)) to_refuse_.push_back(id);
    }
    std::erase_if(model.queue, is_over);
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
    fails(index);
  }

  void unloaded(Instant now, const std::vector<ModelIndex>& which, bool for_good) {
    begin(now);
    shutting_down_ = shutting_down_ || for_good;
    for (const ModelIndex index : which) {
      must_refuse(index, Code::kUnavailable);
      Model& model = models_[index];
      forgive(model);
      model.returns = false;
      model.draining = model.phase == Phase::kReady || model.phase == Phase::kStarting;
    }
  }

  void suspended(Instant now) {
    begin(now);
    suspended_ = true;
    for (Model& model : models_) {
      model.passed = false;
      model.must_suspend = model.phase == Phase::kReady || model.phase == Phase::kStarting;
      if (model.phase != Phase::kReady) continue;
      model.returns = !model.draining;
      if (model.in_flight > 0) model.idle_since = now;
      model.in_flight = 0;
      ++model.life;
    }
  }

  void resumed(Instant now) {
    begin(now);
    suspended_ = false;
    for (Request& request : requests_) {
      if (request.state == State::kWaiting) request.arrived = now;
    }
  }

  void memory_short(Instant now) {
    begin(now);
    for (Model& model : models_) {
      const bool used = model.phase != Phase::kReady || model.in_flight > 0 || !model.queue.empty();
      if (!used && !model.rule.keep) model.must_yield_memory = true;
    }
  }

  void ticked(Instant now) { begin(now); }  // also for an event that is to be ignored

  // Decisions.

  void decided(const Decision& decision) {
    Model& model = models_[decision.model];
    switch (decision.kind) {
      case Decision::Kind::kGrant: return grant(decision.request, model, decision.model);
      case Decision::Kind::kRefuse: return refuse(decision);
      case Decision::Kind::kCheck: return check(model);
      case Decision::Kind::kStart: return start(model, decision.model);
      case Decision::Kind::kStop: return stop(model, decision.model, decision.reason);
    }
  }

  // All decisions of the event are in.
  void settled(const Scheduler& scheduler) {
    expect(to_refuse_.empty(), "a request that had to be refused was not");
    expect(std::ranges::none_of(models_, &Model::must_yield_memory),
           "memory is short and an engine that nobody uses keeps its own");
    settle_returns();
    std::size_t running = 0, moving = 0, waiting = 0;
    for (ModelIndex index = 0; index < models_.size(); ++index) {
      Model& model = models_[index];
      const auto proof = proof_due(model);
      expect(!proof || ticks_by(scheduler, *proof),
             "no tick is due when failures are to be forgotten");
      expect(scheduler.breaker_open(index) == model.broken, "the breaker is not as it should be");
      learn_retry(model, scheduler.retry_at(index));
      expect(!model.must_suspend, "an engine runs on though the machine sleeps");
      if (model.queue.empty() && !model.returns) model.passed = false;
      const bool held_up = !model.queue.empty() && pauses(model);
      const bool pause_counts = held_up || (model.returns && pauses(model));
      expect(!pause_counts || suspended_ || ticks_by(scheduler, *model.retry),
             "no tick is due when a pause ends");
      moving += held_up || model.checking ? 1 : 0;
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
      expect(!due || ticks_by(scheduler, *due), "no tick is due when time changes something");
    }
    expect(running <= 1, "two engines run at once");
    expect(waiting == 0 || moving > 0 || suspended_, "requests wait and nothing is under way");
    expect(!scheduler.next_tick() || *scheduler.next_tick() > now_, "the next tick is past");
  }

  // The world is at its end.
  void finished() {
    for (const Request& request : requests_) {
      expect(request.state == State::kEnded, "a request was forgotten");
    }
  }

 private:
  static constexpr Duration kPauses = seconds(10);  // the longest before the breaker opens

  enum class State { kWaiting, kGranted, kEnded };

  struct Request {
    ModelIndex model;
    Instant since;    // for patience: a replay takes over the age of whom it goes before
    Instant arrived;  // for the bound on waiting
    std::uint64_t order = 0;
    std::size_t ahead = 0;  // requests of its model that were or went before it
    bool replay = false;
    int failed_starts = 0;
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
    bool checking = false, passed = false;
    std::size_t streak = 0;           // failures since the last proof
    std::vector<Instant> failures{};  // of these, the ones within the window
    std::optional<Instant> retry{};   // the end of a pause
    std::optional<Duration> pause{};  // its length before it is spread, until retry is known
    bool broken = false;
    std::size_t served = 0;
    Instant proven_at{};
    bool returns = false;            // it is to run again though nobody waits
    bool must_suspend = false;       // in this event
    bool must_yield_memory = false;  // in this event
  };

  void expect(bool holds, const char* promise) {
    if (!holds && broken_.empty()) broken_ = promise;
  }

  void begin(Instant now) {
    now_ = now;
    batch_ = models_.size();
    for (Model& model : models_) prove(model);
  }

  static bool ticks_by(const Scheduler& scheduler, Instant due) {
    return scheduler.next_tick() && *scheduler.next_tick() <= due;
  }

  bool somebody_waits() const {
    return std::any_of(models_.begin(), models_.end(), [this](const Model& model) {
      return model.phase == Phase::kStopped && !model.queue.empty() && !pauses(model);
    });
  }

  bool any_is(Phase phase) const {
    return std::any_of(models_.begin(), models_.end(),
                       [&](const Model& model) { return model.phase == phase; });
  }

  // Who is to run again though nobody waits does so as soon as nobody is in its way, the last used
  // first; it is given up where another engine runs.
  void settle_returns() {
    if (suspended_ || somebody_waits()) return;
    Model* first = nullptr;
    for (Model& model : models_) {
      if (!model.returns || model.phase != Phase::kStopped) continue;
      if (pauses(model) || !model.queue.empty()) continue;
      if (any_is(Phase::kStarting) || any_is(Phase::kReady)) {
        model.returns = false;
      } else if (first == nullptr || model.idle_since > first->idle_since) {
        first = &model;
      }
    }
    if (first == nullptr || any_is(Phase::kStopping)) return;
    expect(first->checking, "an engine that is to run again does not");
  }

  void for_somebody(const Model& model) {
    expect(!suspended_, "checked or started while the machine sleeps");
    if (!model.queue.empty()) return;
    expect(model.returns, "checked or started for nobody");
    expect(!somebody_waits(), "brought back before those who wait");
    expect(!any_is(Phase::kStarting) && !any_is(Phase::kReady) && !any_is(Phase::kStopping),
           "brought back where another runs");
  }

  void must_refuse(ModelIndex index, Code code) {
    std::deque<RequestId>& queue = models_[index].queue;
    to_refuse_.insert(to_refuse_.end(), queue.begin(), queue.end());
    queue.clear();
    refusal_ = code;
  }

  bool pauses(const Model& model) const { return model.retry && now_ < *model.retry; }

  // When a ready engine that failed before has proven itself; nothing if it need not.
  std::optional<Instant> proof_due(const Model& model) const {
    if (model.phase != Phase::kReady || model.streak == 0) return {};
    const Instant by_time = model.ready_since + limits_.proving_time;
    if (model.served < limits_.proving_requests) return by_time;
    return std::min(by_time, model.proven_at + limits_.outliving);
  }

  void prove(Model& model) {
    const auto due = proof_due(model);
    if (due && now_ >= *due) forgive(model);
  }

  void forgive(Model& model) {
    model.streak = 0;
    model.failures.clear();
    model.retry.reset();
    model.pause.reset();
    model.broken = false;
  }

  // True if the breaker opens, or stays open.
  bool fails(ModelIndex index) {
    Model& model = models_[index];
    ++model.streak;
    model.failures.push_back(now_);
    std::erase_if(model.failures, [&](Instant at) { return at + limits_.failure_window <= now_; });
    model.returns = model.returns && model.rule.keep;
    if (model.broken || model.failures.size() >= limits_.breaking_failures) {
      model.broken = true;
      model.failures = {now_};
      model.retry = now_ + limits_.trial_after;
      must_refuse(index, Code::kUnavailable);
      return true;
    }
    if (model.streak == 1) return false;
    Duration pause = limits_.first_pause;
    for (std::size_t i = 2; i < model.streak; ++i)
      pause = std::min(2 * pause, limits_.longest_pause);
    model.pause = std::min(pause, limits_.longest_pause);
    model.retry = now_ + *model.pause * 8 / 10;
    return false;
  }

  // How the scheduler has spread a pause is its own choice, within limits.
  void learn_retry(Model& model, std::optional<Instant> told) {
    expect(told.has_value() == model.retry.has_value(), "a pause is forgotten, or made up");
    if (told && model.pause) {
      expect(*told >= *model.retry && *told <= now_ + *model.pause * 12 / 10,
             "a pause is longer or shorter than it may be");
      model.retry = told;
      model.pause.reset();
    }
    expect(told == model.retry, "the end of a pause has moved");
  }

  // Who is next in line for the place: those whose pause lasts are out of it.
  const Model* next_in_line(const Model* but) const {
    const Model* first = nullptr;
    for (const Model& model : models_) {
      if (&model == but || model.queue.empty() || pauses(model)) continue;
      if (first == nullptr || turn(model) < turn(*first)) first = &model;
    }
    return first;
  }

  // When the patience of the next in line ends with this engine; nothing if nobody waits for
  // another, or has not been found fit to start.
  std::optional<Instant> patience_over(ModelIndex index) const {
    const Model* next = next_in_line(&models_[index]);
    if (next == nullptr || !next->passed) return {};
    const Instant since = requests_[next->queue.front()].since;
    return std::max(since, models_[index].ready_since) + limits_.patience;
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
    Duration turn = bounds_.check + bounds_.start + limits_.patience + bounds_.serve + bounds_.stop;
    for (std::size_t i = 1; i < limits_.breaking_failures; ++i) turn += kPauses;
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
    const Model& model = models_[decision.model];
    const Duration wait = model.broken && pauses(model) ? *model.retry - now_ : Duration::zero();
    expect(decision.retry_after == wait, "told to come again too early or too late");
    to_refuse_.pop_front();
    requests_[decision.request].state = State::kEnded;
  }

  std::uint64_t turn(const Model& model) const {
    return std::max(requests_[model.queue.front()].order, model.turn_over);
  }

  void check(Model& model) {
    for_somebody(model);
    expect(model.phase == Phase::kStopped, "checked while it runs");
    expect(!model.checking && !model.passed, "checked twice for one start");
    expect(!pauses(model), "checked while it pauses");
    model.checking = true;
  }

  void start(Model& model, ModelIndex index) {
    for_somebody(model);
    expect(model.passed, "started without a check");
    expect(!pauses(model), "started before its pause is over");
    model.passed = false;
    for (ModelIndex other = 0; other < models_.size(); ++other) {
      expect(models_[other].phase == Phase::kStopped, "started while an engine is not stopped");
      const bool waits = other != index && !models_[other].queue.empty() && !pauses(models_[other]);
      expect(!waits || model.queue.empty() || turn(model) < turn(models_[other]),
             "started before its turn");
    }
    model.phase = Phase::kStarting;
  }

  void stop(Model& model, ModelIndex index, StopReason reason) {
    expect(model.in_flight == 0, "stopped while busy");
    const bool at_once = model.draining || reason == StopReason::kSuspend;
    expect(model.phase == Phase::kReady || (model.phase == Phase::kStarting && at_once),
           "stopped in the wrong phase");
    if (reason != StopReason::kSuspend) model.returns = false;
    switch (reason) {
      case StopReason::kAsked: expect(model.draining, "nobody asked for this stop"); break;
      case StopReason::kSuspend:
        expect(model.must_suspend, "stopped though the machine does not go to sleep");
        model.must_suspend = false;
        break;
      case StopReason::kIdle: expect(expired(model), "stopped as idle too early"); break;
      case StopReason::kEvicted:
        // With this policy no other runs beside it.
        if (std::exchange(model.must_yield_memory, false)) break;
        expect(model.queue.empty() || must_yield(index), "evicted before its waiters were served");
        expect(next_in_line(&model) != nullptr && next_in_line(&model)->passed,
               "evicted for nobody, or for one that may not be able to start");
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
  bool suspended_ = false;
  Instant now_{};
  std::string broken_;
};

}  // namespace corral::scheduler
