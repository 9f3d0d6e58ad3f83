// StartClock: how long a start may take. The limit is time without progress, not time in all: a
// large model on a slow disk may load for as long as it does load.
//
// What counts as progress:
//   - a worker's own word that its load has come further. It may say so as often as it likes.
//   - work of its processes: in the time since the last progress they used a twentieth of one
//     processor, or read a mebibyte from disk. Since a program can also work without ever becoming
//     ready, this carries a start no further than kMostLimits times the limit.
//
// Pure: the clock is passed in.
#pragma once

#include "base/time.h"
#include "engine/process_usage.h"
#include "io/event.h"

namespace corral::engine {

class StartClock {
 public:
  static constexpr int kMostLimits = 10;

  StartClock(Instant begin, Duration limit);

  void note_word(Instant now);
  void note_usage(Instant now, const ProcessUsage& usage);
  // The start has failed if it is not over by then; later with each progress.
  Instant deadline() const { return deadline_; }
  // How long to wait before usage is worth measuring again, or the deadline is there.
  Duration next_look(Instant now) const;

  Instant begin() const { return begin_; }
  Duration limit() const { return limit_; }

 private:
  const Instant begin_;
  const Duration limit_;
  Instant progress_;  // the last, of either kind
  Instant deadline_;
  ProcessUsage usage_;  // at the last progress
};

// True as soon as `news` is set, false when the deadline passes first; measures the processes'
// usage meanwhile. Both references outlive the wait.
io::Task<bool> wait_in_time(io::Loop& loop, io::Event& news, StartClock& clock, ProcessTree tree);

}  // namespace corral::engine
