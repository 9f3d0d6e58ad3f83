#include "scheduler/scheduler.h"

#include <algorithm>
#include <utility>

#include "base/check.h"

namespace corral::scheduler {

namespace {

Error too_many(const ModelRule& rule) {
  return {Code::kLimit, "Model " + rule.id + " already has as many requests waiting as it may (" +
                            std::to_string(rule.max_waiting) + "); try again later."};
}

Error unloaded(const ModelRule& rule) {
  return {Code::kUnavailable, "Model " + rule.id +
                                  " was unloaded while the request waited; "
                                  "send it again to load the model."};
}

Error closing() { return {Code::kUnavailable, "Corral is shutting down and takes no requests."}; }

}  // namespace

Scheduler::Scheduler(std::vector<ModelRule> rules, std::unique_ptr<Policy> policy, Limits limits)
    : policy_(std::move(policy)), limits_(limits), random_(limits.seed) {
  CHECK(policy_ != nullptr && limits_.breaking_failures >= 1);
  models_.reserve(rules.size());
  for (ModelRule& rule : rules) {
    CHECK(rule.max_in_flight >= 1 && rule.max_waiting >= 1);
    models_.emplace_back(std::move(rule));
  }
}

void Scheduler::request(Instant now, RequestId id, ModelIndex index, bool replay) {
  CHECK(!requests_.contains(id));
  Model& model = models_.at(index);
  // Where others wait, a newcomer cannot be granted at once: whoever could be has been.
  const bool full = !replay && model.waiting.size() >= model.rule.max_waiting;
  const bool broken = model.broken && pauses(model, now);
  if (shutting_down_ || full || broken) {
    decisions_.push_back({.kind = Decision::Kind::kRefuse,
                          .model = index,
                          .request = id,
                          .error = shutting_down_ ? closing()
                                   : broken       ? broken_error(model, now)
                                                  : too_many(model.rule),
                          .retry_after = broken ? *model.retry_at - now : Duration::zero()});
    return settle(now);
  }
  Waiter waiter{.id = id, .since = now, .turn = next_turn_++, .replay = replay};
  auto place = model.waiting.end();
  if (replay) {
    place = std::find_if(model.waiting.begin(), model.waiting.end(),
                         [](const Waiter& other) { return !other.replay; });
    if (place != model.waiting.end()) {
      // Its own age is not known here, but it is older than all whom it goes before.
      waiter.since = place->since;
      waiter.turn = place->turn;
    }
  }
  requests_[id] = {.model = index, .waiter = model.waiting.insert(place, waiter)};
  settle(now);
}

void Scheduler::done(Instant now, RequestId id) { release(now, id); }

void Scheduler::release(Instant now, RequestId id) {
  const auto found = requests_.find(id);
  if (found == requests_.end()) return settle(now);
  const Place place = found->second;
  requests_.erase(found);
  Model& model = models_[place.model];
  if (!place.granted) {
    model.waiting.erase(place.waiter);
  } else if (place.life == model.life) {
    CHECK(model.in_flight > 0);
    --model.in_flight;
    model.idle_since = now;
    if (++model.served == limits_.proving_requests) model.proven_at = now;
  }
  settle(now);
}

void Scheduler::checked(Instant now, ModelIndex index, std::optional<Error> error) {
  Model& model = models_.at(index);
  if (model.check == Check::kUnderWay) {
    // What holds before the machine sleeps need not hold when it wakes.
    model.check = error || suspended_ ? Check::kNone : Check::kPassed;
    if (error) {
      model.returning = false;
      refuse_waiting(index, *error);
    }
  }
  settle(now);
}

void Scheduler::ready(Instant now, ModelIndex index) {
  Model& model = models_.at(index);
  if (model.phase != Phase::kStarting) return settle(now);
  model.phase = Phase::kReady;
  model.ready_since = now;
  model.idle_since = now;
  model.served = 0;
  model.retry_at.reset();
  model.returning = true;
  // Before anything else is weighed, those who waited have their turn: even without patience, no
  // engine is started for nothing.
  grant_waiting(index);
  settle(now);
}

void Scheduler::start_failed(Instant now, ModelIndex index, Error error) {
  Model& model = models_.at(index);
  if (model.phase != Phase::kStarting) return died(now, index, std::move(error));
  model.phase = Phase::kStopped;
  note_failure(now, index, error);
  see_failed_start(index, error);
  settle(now);
}

void Scheduler::stopped(Instant now, ModelIndex index) {
  Model& model = models_.at(index);
  if (model.phase != Phase::kStopping) return settle(now);
  model.phase = Phase::kStopped;
  settle(now);
}

void Scheduler::died(Instant now, ModelIndex index, Error error) {
  Model& model = models_.at(index);
  switch (model.phase) {
    case Phase::kStopped: return settle(now);
    case Phase::kStarting: return start_failed(now, index, std::move(error));
    case Phase::kStopping: return stopped(now, index);
    case Phase::kReady: break;
  }
  forgive_if_proven(now, index);
  model.phase = Phase::kStopped;
  model.unloading = false;
  model.in_flight = 0;
  ++model.life;
  model.behind = next_turn_++;
  note_failure(now, index, std::move(error));
  settle(now);
}

void Scheduler::forget_failures(Instant now, ModelIndex index) {
  forgive(index);
  settle(now);
}

void Scheduler::unload(Instant now, ModelIndex index) {
  begin_unload(index, unloaded(models_.at(index).rule));
  settle(now);
}

void Scheduler::unload_all(Instant now) {
  for (ModelIndex index = 0; index < models_.size(); ++index) {
    begin_unload(index, unloaded(models_[index].rule));
  }
  settle(now);
}

std::optional<ModelIndex> Scheduler::memory_short(Instant now) {
  std::optional<ModelIndex> oldest;
  for (ModelIndex index = 0; index < models_.size(); ++index) {
    const Model& model = models_[index];
    const bool used = model.phase != Phase::kReady || model.in_flight > 0 || !model.waiting.empty();
    if (used || model.rule.keep) continue;
    if (!oldest || model.idle_since < models_[*oldest].idle_since) oldest = index;
  }
  if (oldest) order_stop(*oldest, StopReason::kEvicted);
  settle(now);
  return oldest;
}

void Scheduler::shut_down(Instant now) {
  shutting_down_ = true;
  for (ModelIndex index = 0; index < models_.size(); ++index) begin_unload(index, closing());
  settle(now);
}

bool Scheduler::all_stopped() const {
  return std::all_of(models_.begin(), models_.end(),
                     [](const Model& model) { return model.phase == Phase::kStopped; });
}

void Scheduler::tick(Instant now) { settle(now); }

std::vector<Decision> Scheduler::take() { return std::exchange(decisions_, {}); }

Phase Scheduler::phase(ModelIndex model) const { return models_.at(model).phase; }

std::size_t Scheduler::waiting(ModelIndex model) const { return models_.at(model).waiting.size(); }

std::size_t Scheduler::in_flight(ModelIndex model) const { return models_.at(model).in_flight; }

void Scheduler::refuse_waiting(ModelIndex index, const Error& error) {
  Model& model = models_[index];
  for (const Waiter& waiter : model.waiting) {
    requests_.erase(waiter.id);
    decisions_.push_back(
        {.kind = Decision::Kind::kRefuse, .model = index, .request = waiter.id, .error = error});
  }
  model.waiting.clear();
}

void Scheduler::begin_unload(ModelIndex index, const Error& error) {
  Model& model = models_[index];
  refuse_waiting(index, error);
  forgive(index);
  model.returning = false;
  if (model.phase == Phase::kStarting) order_stop(index, StopReason::kAsked);
  if (model.phase == Phase::kReady) model.unloading = true;
}

void Scheduler::grant_waiting(ModelIndex index) {
  Model& model = models_[index];
  while (!model.waiting.empty() && model.in_flight < model.rule.max_in_flight) {
    const RequestId id = model.waiting.front().id;
    model.waiting.pop_front();
    requests_[id] = {.model = index, .granted = true, .life = model.life};
    ++model.in_flight;
    decisions_.push_back({.kind = Decision::Kind::kGrant, .model = index, .request = id});
  }
}

void Scheduler::order_check(ModelIndex index) {
  models_[index].check = Check::kUnderWay;
  decisions_.push_back({.kind = Decision::Kind::kCheck, .model = index});
}

void Scheduler::order_start(ModelIndex index) {
  CHECK(models_[index].phase == Phase::kStopped);
  models_[index].phase = Phase::kStarting;
  models_[index].check = Check::kNone;
  decisions_.push_back({.kind = Decision::Kind::kStart, .model = index});
}

void Scheduler::order_stop(ModelIndex index, StopReason reason) {
  Model& model = models_[index];
  CHECK(model.in_flight == 0);
  CHECK(model.phase == Phase::kStarting || model.phase == Phase::kReady);
  model.phase = Phase::kStopping;
  model.unloading = false;
  if (reason != StopReason::kSuspend) model.returning = false;
  decisions_.push_back({.kind = Decision::Kind::kStop, .model = index, .reason = reason});
}

}  // namespace corral::scheduler
