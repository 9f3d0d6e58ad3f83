// What failures of an engine lead to: pauses before the next start, and the breaker.
#include <algorithm>
#include <utility>

#include "scheduler/scheduler.h"

namespace corral::scheduler {

void Scheduler::note_failure(Instant now, ModelIndex index, Error error) {
  Model& model = models_[index];
  model.last_error = std::move(error);
  ++model.streak;
  if (!model.rule.keep) model.returning = false;
  std::erase_if(model.failed_at, [&](Instant at) { return now - at >= limits_.failure_window; });
  model.failed_at.push_back(now);
  // A trial that fails leaves the breaker open.
  if (model.broken || model.failed_at.size() >= limits_.breaking_failures) {
    break_circuit(now, index);
  } else if (model.streak > 1) {
    model.retry_at = now + pause_after(model.streak);
  }
}

void Scheduler::break_circuit(Instant now, ModelIndex index) {
  Model& model = models_[index];
  model.broken = true;
  model.retry_at = now + limits_.trial_after;
  model.failed_at.assign(1, now);
  const Error error = broken_error(model, now);
  for (const Waiter& waiter : model.waiting) {
    requests_.erase(waiter.id);
    decisions_.push_back({.kind = Decision::Kind::kRefuse,
                          .model = index,
                          .request = waiter.id,
                          .error = error,
                          .retry_after = limits_.trial_after});
  }
  model.waiting.clear();
}

// Refuses those who have seen two failed starts, or one that took all the time there is for it.
void Scheduler::see_failed_start(ModelIndex index, const Error& error) {
  Model& model = models_[index];
  const int most = error.code == Code::kTimeout ? 1 : 2;
  for (auto waiter = model.waiting.begin(); waiter != model.waiting.end();) {
    if (++waiter->failed_starts < most) {
      ++waiter;
      continue;
    }
    requests_.erase(waiter->id);
    decisions_.push_back(
        {.kind = Decision::Kind::kRefuse, .model = index, .request = waiter->id, .error = error});
    waiter = model.waiting.erase(waiter);
  }
}

void Scheduler::forgive(ModelIndex index) {
  Model& model = models_[index];
  model.streak = 0;
  model.failed_at.clear();
  model.retry_at.reset();
  model.broken = false;
}

// Of a ready engine: whether it has shown that it works, or when it will have.
void Scheduler::forgive_if_proven(Instant now, ModelIndex index) {
  const Model& model = models_[index];
  if (model.phase != Phase::kReady || model.streak == 0) return;
  Instant due = model.ready_since + limits_.proving_time;
  if (model.served >= limits_.proving_requests) {
    due = std::min(due, model.proven_at + limits_.outliving);
  }
  if (now >= due) {
    forgive(index);
  } else {
    tick_at(due);
  }
}

// Doubles from the second failure on. The spread is a xorshift generator's (Marsaglia, 2003).
Duration Scheduler::pause_after(std::size_t streak) {
  Duration pause = limits_.first_pause;
  for (std::size_t i = 2; i < streak && pause < limits_.longest_pause; ++i) pause *= 2;
  pause = std::min(pause, limits_.longest_pause);
  random_ ^= random_ << 13;
  random_ ^= random_ >> 7;
  random_ ^= random_ << 17;
  const auto percent = static_cast<int>(random_ % 41) - 20;
  return pause + pause * percent / 100;
}

Error Scheduler::broken_error(const Model& model, Instant now) const {
  const auto left = std::chrono::ceil<seconds>(model.retry_at.value_or(now) - now).count();
  return {Code::kUnavailable, "Model " + model.rule.id + " has failed " +
                                  std::to_string(model.streak) +
                                  " times in a row and is tried again in " + std::to_string(left) +
                                  " s at the earliest; the last time: " + model.last_error.message};
}

}  // namespace corral::scheduler
