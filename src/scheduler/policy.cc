#include "scheduler/policy.h"

namespace corral::scheduler {

std::vector<ModelIndex> OneAtATime::evicted_by(ModelIndex target,
                                               const std::vector<Phase>& phases) const {
  std::vector<ModelIndex> evicted;
  for (ModelIndex model = 0; model < phases.size(); ++model) {
    if (model != target && phases[model] != Phase::kStopped) evicted.push_back(model);
  }
  return evicted;
}

}  // namespace corral::scheduler
