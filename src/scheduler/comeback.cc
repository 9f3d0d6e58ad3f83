// Engines that come back although nobody waits for them: kept ones after a failure, and those that
// ran before the machine slept.
#include <algorithm>
#include <vector>

#include "scheduler/scheduler.h"

namespace corral::scheduler {

void Scheduler::suspend(Instant now) {
  suspended_ = true;
  for (ModelIndex index = 0; index < models_.size(); ++index) {
    Model& model = models_[index];
    if (model.check == Check::kPassed) model.check = Check::kNone;
    forgive_if_proven(now, index);
    if (model.phase == Phase::kReady) {
      if (model.in_flight > 0) model.idle_since = now;
      model.in_flight = 0;
      ++model.life;
    }
    const bool runs = model.phase == Phase::kReady || model.phase == Phase::kStarting;
    if (runs) order_stop(index, StopReason::kSuspend);
  }
  settle(now);
}

void Scheduler::resume(Instant now) {
  suspended_ = false;
  settle(now);
}

// Comes last in settle(): whoever waits for an engine goes before.
void Scheduler::bring_back(Instant now) {
  const std::vector<ModelIndex> targets = returning_models(now);
  if (targets.empty()) return;
  std::vector<Phase> phases;
  phases.reserve(models_.size());
  for (const Model& model : models_) phases.push_back(model.phase);
  std::size_t looked_at = 0;
  for (const ModelIndex target : targets) {
    Model& model = models_[target];
    const std::vector<ModelIndex> evicted = policy_->evicted_by(target, phases);
    const bool taken = std::any_of(evicted.begin(), evicted.end(), [this](ModelIndex other) {
      return models_[other].phase == Phase::kStarting || models_[other].phase == Phase::kReady;
    });
    if (taken) {
      model.returning = false;
      if (model.check == Check::kPassed) model.check = Check::kNone;
      continue;
    }
    if (++looked_at > kLookAhead) return;
    if (!evicted.empty()) continue;  // it waits for what stops, or for another's check
    phases[target] = Phase::kStarting;
    if (model.check == Check::kNone) order_check(target);
    if (model.check == Check::kPassed) order_start(target);
  }
}

// Those that may come back now, the last used first: none while somebody waits for an engine.
std::vector<ModelIndex> Scheduler::returning_models(Instant now) {
  std::vector<ModelIndex> targets;
  bool somebody_waits = false;
  for (ModelIndex index = 0; index < models_.size(); ++index) {
    const Model& model = models_[index];
    if (model.phase != Phase::kStopped) continue;
    if (!model.waiting.empty()) {
      somebody_waits |= !pauses(model, now);
    } else if (model.returning && pauses(model, now)) {
      tick_at(*model.retry_at);
    } else if (model.returning) {
      targets.push_back(index);
    }
  }
  if (somebody_waits) return {};
  std::sort(targets.begin(), targets.end(), [this](ModelIndex a, ModelIndex b) {
    const Instant a_used = models_[a].idle_since, b_used = models_[b].idle_since;
    return a_used != b_used ? a_used > b_used : a < b;
  });
  return targets;
}

}  // namespace corral::scheduler
