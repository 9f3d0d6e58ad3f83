// Strays: children that we did not start. A process that was started for us, and has lost its
// parent, comes back to us (children.h); nothing waits for it any more, so it is killed and reaped.
// In this way what an engine left behind goes even if its guard was killed with it.
//
// A Process that was dropped while its child still runs makes that child a stray. Children that
// existed before the Strays are left alone: they belong to whoever was this process before its
// exec. Loop thread only; at most one at a time, since children belong to the whole process.
#pragma once

#include <vector>

#include "io/signals.h"

namespace corral::io {

class Strays {
 public:
  // From here on orphans are adopted. Where the system cannot do that, this does nothing.
  explicit Strays(Loop& loop);
  // Kills those that are left and waits for their end, at most a second.
  ~Strays();
  Strays(const Strays&) = delete;
  Strays& operator=(const Strays&) = delete;

 private:
  // Kills all, reaps those that have ended. Whether some are left.
  bool sweep();

  Loop& loop_;
  const std::vector<int> foreign_;  // not ours to end; never reaped, so the ids stay theirs
  // A stray comes to us when its parent ends, which was a child of ours or a stray itself: the
  // kernel tells us by SIGCHLD.
  SignalWatch on_child_;
};

}  // namespace corral::io
