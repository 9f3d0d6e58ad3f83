// Policy: which engines may not run beside which. The scheduler asks it before it starts an engine
// and does the rest itself: waits until those engines are idle, stops them, and starts the target
// when all have stopped. A policy decides from its arguments alone, so one question always has one
// answer.
#pragma once

#include <cstddef>
#include <vector>

namespace corral::scheduler {

// Position in the scheduler's list of models.
using ModelIndex = std::size_t;

// What the scheduler believes of a model's engine. The engine itself knows more states; of these
// four a swap is made.
enum class Phase {
  kStopped,   // no process; also after a failure
  kStarting,  // start was ordered, not yet ready
  kReady,     // takes requests
  kStopping,  // stop was ordered, the process may still hold memory and its port
};

class Policy {
 public:
  virtual ~Policy() = default;

  // The engines that must have stopped before `target` may start. `phases` has one entry a model;
  // targets that wait for their own evictions appear as kStarting, so that two swaps can be
  // compared. Names only engines that are not kStopped, each once, and never the target. It is
  // asked up to some dozens of times an event; it should take no more than O(models).
  virtual std::vector<ModelIndex> evicted_by(ModelIndex target,
                                             const std::vector<Phase>& phases) const = 0;
};

// One engine at a time: every target evicts all others.
class OneAtATime : public Policy {
 public:
  std::vector<ModelIndex> evicted_by(ModelIndex target,
                                     const std::vector<Phase>& phases) const override;
};

}  // namespace corral::scheduler
