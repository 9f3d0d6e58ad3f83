// HealthWatch: looks at an engine that runs, at an interval, and tells its health, its memory and
// whether it is stuck. health_judge.h says what that means, questions.h what is asked.
//
// It does not disturb: one small question at a time, over the connection that max_in_flight()
// leaves for it, that takes no slot of llama-server. A command is asked for a token only if the
// spec says so, and only while nothing else is in it. An engine that sleeps is not asked at all.
//
// A look that comes much later than planned (the machine was suspended, or we were) starts the
// measurement anew.
#pragma once

#include <string>

#include "engine/health_judge.h"
#include "engine/load.h"
#include "engine/process_usage.h"
#include "engine/spec.h"
#include "engine/status.h"

namespace corral::engine {

class HealthWatch {
 public:
  // All references outlive the watch. Of `status` only the state is read.
  HealthWatch(io::Loop& loop, http::Client& client, const Spec& spec, const Load& load,
              const Status& status, ProcessTree tree);

  struct Report {
    std::uint64_t memory_bytes = 0;
    Health health = Health::kUnknown;
    std::string stuck{};  // why it is, as the rest of a sentence about the engine; empty: it is not
  };
  // The first returns as soon as the processes have been measured, the others after an interval.
  io::Task<Report> next();

  // For a moment in which an engine may have broken without a sign, as when the machine has slept:
  // asks it now, for a token where readiness asked for one. Why it does not work, as the rest of a
  // sentence about it; empty if it does. One that owes something, sleeps or is not to be watched is
  // not asked.
  io::Task<std::string> ask_now();

 private:
  io::Task<void> meet();
  io::Task<void> ask_all(HealthJudge::Look& look);
  std::string stuck_words(const HealthJudge::Look& look) const;

  io::Loop& loop_;
  http::Client& client_;
  const Spec& spec_;
  const Load& load_;
  const Status& status_;
  const ProcessTree tree_;
  const std::string question_;  // its path; empty: there is nothing to ask
  const Duration interval_;
  const Duration answer_limit_;
  HealthJudge judge_;
  bool met_ = false;
  bool usage_tells_ = false;
  std::uint64_t last_progress_ = 0;  // at the last look
  ProcessUsage usage_;
};

}  // namespace corral::engine
