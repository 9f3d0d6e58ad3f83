// HealthJudge: what a row of looks at a running engine means: its health, and whether it is stuck.
//
// Stuck means that it owes something and there has been no evidence of work for a while. It owes
// while a request waits for it, or while it says itself that it has one in work. Evidence is any of
//   - bytes of a reply;
//   - processor time of its processes beyond the little that being asked costs, reads from disk, or
//     a process that came or went;
//   - a counter of its own that has moved since the last answer.
// So an engine that computes is busy, however long it takes and whatever it does not answer. One
// that owes nothing is stuck if it has not answered several questions in a row, either.
//
// Engines whose processes we do not see (in a container) can work without any evidence: while they
// answer anything they are not stuck, and if they do not they get kUnseenFactor times as long.
//
// Pure: the clock is passed in.
#pragma once

#include <cstdint>

#include "base/time.h"
#include "engine/process_usage.h"
#include "engine/questions.h"
#include "engine/status.h"

namespace corral::engine {

class HealthJudge {
 public:
  static constexpr int kUnhealthyAfter = 3;  // questions in a row without an answer
  static constexpr int kUnseenFactor = 10;

  enum class Reply { kNotAsked, kNone, kError, kGood };
  struct Look {
    Instant at{};
    std::uint64_t progress = 0;  // differs when bytes of replies have come
    std::size_t waiting = 0;     // requests
    ProcessUsage usage{};
    bool usage_tells = false;  // the processes are those that do the work
    Reply reply = Reply::kNotAsked;
    Duration took{};     // of a reply
    QueueState queue{};  // that the reply told
  };

  // `stuck_after` of zero: never.
  HealthJudge(Duration degraded_above, Duration stuck_after)
      : degraded_above_(degraded_above), stuck_after_(stuck_after) {}

  void look(const Look& look);
  // Begins anew at the next look, after a time in which nobody can tell what was.
  void restart() { first_ = true; }

  Health health() const { return health_; }
  bool stuck() const { return stuck_; }
  // Without evidence, at the last look.
  Duration quiet_for() const { return last_.at - quiet_since_; }

 private:
  void judge_health(const Look& look);
  bool shows_work(const Look& look, bool owes) const;

  const Duration degraded_above_;
  const Duration stuck_after_;
  Health health_ = Health::kUnknown;
  bool stuck_ = false;
  bool first_ = true;
  bool owed_ = false;
  int unanswered_ = 0;       // in a row
  Look last_{};              // the last look
  std::size_t counts_ = 0;   // at the last look that told them
  Instant quiet_since_{};    // the last evidence
  ProcessUsage usage_then_;  // at that time
};

}  // namespace corral::engine
