#include "engine/health_judge.h"

namespace corral::engine {
namespace {

// What an engine uses that does nothing but wait and be asked: one part of so many of one
// processor, and one tick of the clock that some systems count by.
constexpr int kIdleShare = 1000;
constexpr Duration kIdleTick = milliseconds(10);

}  // namespace

void HealthJudge::judge_health(const Look& look) {
  switch (look.reply) {
    case Reply::kNotAsked: return;
    case Reply::kGood:
      unanswered_ = 0;
      health_ = look.took > degraded_above_ ? Health::kDegraded : Health::kHealthy;
      return;
    case Reply::kNone:
    case Reply::kError:
      // It may well serve more than it can answer; what it serves is what counts.
      if (!first_ && look.progress != last_.progress) {
        unanswered_ = 0;
      } else {
        ++unanswered_;
      }
      health_ = unanswered_ >= kUnhealthyAfter ? Health::kUnhealthy : Health::kDegraded;
      return;
  }
}

bool HealthJudge::shows_work(const Look& look, bool owes) const {
  if (first_ || look.progress != last_.progress) return true;
  if (look.queue.told && look.queue.counts != counts_) return true;
  const Duration cpu = look.usage.cpu - usage_then_.cpu;
  const Duration idle = (look.at - quiet_since_) / kIdleShare + kIdleTick;
  if (cpu < Duration::zero() || cpu > idle) return true;
  if (look.usage.bytes_read != usage_then_.bytes_read) return true;
  if (look.usage.processes != usage_then_.processes) return true;

  if (!owes) return look.reply != Reply::kNone;
  // The debt is new: its time begins now. Not so for one that did not answer before either.
  if (!owed_ && unanswered_ == 0) return true;
  const bool answered = look.reply == Reply::kGood || look.reply == Reply::kError;
  // Its queue is empty: what waits is not held up by it.
  if (look.queue.told && !look.queue.busy) return true;
  return answered && !look.queue.told && !look.usage_tells;
}

void HealthJudge::look(const Look& look) {
  judge_health(look);
  const bool owes = look.waiting > 0 || look.queue.busy;
  if (shows_work(look, owes)) {
    quiet_since_ = look.at;
    usage_then_ = look.usage;
  }
  if (look.queue.told) counts_ = look.queue.counts;
  first_ = false;
  owed_ = owes;
  last_ = look;
  const Duration limit = look.usage_tells ? stuck_after_ : kUnseenFactor * stuck_after_;
  stuck_ =
      limit > Duration::zero() && quiet_for() >= limit && (owes || unanswered_ >= kUnhealthyAfter);
}

}  // namespace corral::engine
