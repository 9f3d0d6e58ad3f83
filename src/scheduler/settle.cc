// The second half of Scheduler: what follows from an event, whichever it was. settle() looks at all
// models in a few passes of O(models) and brings everything to where only a new event or the
// next tick can change something.
#include <algorithm>
#include <utility>

#include "base/check.h"
#include "scheduler/scheduler.h"

namespace corral::scheduler {

namespace {

bool contains(const std::vector<ModelIndex>& models, ModelIndex model) {
  return std::find(models.begin(), models.end(), model) != models.end();
}

}  // namespace

void Scheduler::settle(Instant now) {
  next_tick_.reset();
  bool any_returning = false;
  for (ModelIndex index = 0; index < models_.size(); ++index) {
    Model& model = models_[index];
    model.yielding = false;
    const bool wanted = !model.waiting.empty() || model.returning;
    if (!wanted && model.check == Check::kPassed) model.check = Check::kNone;
    forgive_if_proven(now, index);
    if (model.unloading && model.in_flight == 0) order_stop(index, StopReason::kAsked);
    any_returning |= model.returning && model.phase == Phase::kStopped;
  }
  if (!suspended_) plan_swaps(now);
  for (ModelIndex index = 0; index < models_.size(); ++index) {
    const Model& model = models_[index];
    if (model.phase == Phase::kReady && !model.unloading && !model.yielding) grant_waiting(index);
  }
  stop_expired(now);
  if (any_returning && !suspended_) bring_back(now);
}

// Goes through the models that wait for an engine, in the order of their turns. One that nothing
// stands in the way of starts; one that must wait, for others or for its check, claims its place,
// so that nothing later in line can start in it.
void Scheduler::plan_swaps(Instant now) {
  const std::vector<ModelIndex> targets = next_targets(now);
  if (targets.empty()) return;
  std::vector<Phase> phases;
  phases.reserve(models_.size());
  for (const Model& model : models_) phases.push_back(model.phase);
  std::vector<ModelIndex> claimed;
  for (const ModelIndex target : targets) {
    const std::vector<ModelIndex> evicted = policy_->evicted_by(target, phases);
    CHECK(!contains(evicted, target));
    if (disturbs(target, evicted, claimed, phases)) continue;
    phases[target] = Phase::kStarting;
    const Check check = models_[target].check;
    if (check == Check::kNone) order_check(target);
    if (check != Check::kPassed) {
      claimed.push_back(target);
      continue;
    }
    if (evicted.empty()) {
      order_start(target);
      continue;
    }
    claimed.push_back(target);
    make_way(now, target, evicted);
    for (const ModelIndex index : evicted) phases[index] = models_[index].phase;
  }
}

std::vector<ModelIndex> Scheduler::next_targets(Instant now) {
  std::vector<ModelIndex> targets;
  for (ModelIndex index = 0; index < models_.size(); ++index) {
    const Model& model = models_[index];
    if (model.phase != Phase::kStopped || model.waiting.empty()) continue;
    if (pauses(model, now)) {
      tick_at(*model.retry_at);
    } else {
      targets.push_back(index);
    }
  }
  const std::size_t count = std::min(targets.size(), kLookAhead);
  const auto end = targets.begin() + static_cast<std::ptrdiff_t>(count);
  std::partial_sort(targets.begin(), end, targets.end(), [this](ModelIndex a, ModelIndex b) {
    return turn_of(models_[a]) < turn_of(models_[b]);
  });
  targets.resize(count);
  return targets;
}

// Would `target` evict one that has claimed its place, or be evicted by it?
bool Scheduler::disturbs(ModelIndex target, const std::vector<ModelIndex>& evicted,
                         const std::vector<ModelIndex>& claimed, std::vector<Phase>& phases) const {
  for (const ModelIndex earlier : claimed) {
    if (contains(evicted, earlier)) return true;
  }
  const Phase before = std::exchange(phases[target], Phase::kStarting);
  const bool evicts_it = std::any_of(claimed.begin(), claimed.end(), [&](ModelIndex earlier) {
    return contains(policy_->evicted_by(earlier, phases), target);
  });
  phases[target] = before;
  return evicts_it;
}

// Stops the engines that `target` evicts once all of them are idle. Until then, those whose
// patience is over yield.
void Scheduler::make_way(Instant now, ModelIndex target, const std::vector<ModelIndex>& evicted) {
  const Instant since = models_[target].waiting.front().since;
  bool all_idle = true;
  for (const ModelIndex index : evicted) {
    Model& model = models_[index];
    CHECK(model.phase != Phase::kStopped);
    if (model.phase == Phase::kStarting) all_idle = false;
    if (model.phase != Phase::kReady) continue;
    // Behind this engine it waits since both were there.
    const Instant over = std::max(since, model.ready_since) + limits_.patience;
    if (now >= over) model.yielding = true;
    const bool idle = model.in_flight == 0 && (model.waiting.empty() || model.yielding);
    if (idle) continue;
    all_idle = false;
    if (!model.yielding) tick_at(over);
  }
  if (!all_idle) return;
  for (const ModelIndex index : evicted) {
    Model& model = models_[index];
    if (model.phase != Phase::kReady) continue;
    order_stop(index, StopReason::kEvicted);
    // It has had its turn: what it leaves waiting comes after all who wait now. Otherwise a long
    // queue would bring it back at once, before the model that it was evicted for.
    model.behind = next_turn_++;
  }
}

void Scheduler::stop_expired(Instant now) {
  for (ModelIndex index = 0; index < models_.size(); ++index) {
    const Model& model = models_[index];
    if (model.phase != Phase::kReady || model.rule.ttl == Duration::zero()) continue;
    if (model.in_flight > 0 || !model.waiting.empty()) continue;
    const Instant over = model.idle_since + model.rule.ttl;
    if (now >= over) {
      order_stop(index, StopReason::kIdle);
    } else {
      tick_at(over);
    }
  }
}

Scheduler::Turn Scheduler::turn_of(const Model& model) const {
  return std::max(model.waiting.front().turn, model.behind);
}

void Scheduler::tick_at(Instant due) {
  if (!next_tick_ || due < *next_tick_) next_tick_ = due;
}

}  // namespace corral::scheduler
