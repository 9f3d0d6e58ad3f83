// FullScreen: takes the whole terminal for drawing, and gives it back as it was on every way out:
// when it goes, when the program is stopped by Ctrl-Z, and when it crashes.
//
// One at a time in a process. Loop thread only.
#pragma once

#include "io/terminal.h"

namespace corral::cli {

class FullScreen {
 public:
  // Enters. The terminal outlives it.
  explicit FullScreen(io::Terminal& terminal);
  // Leaves. What was not written yet is not waited for.
  ~FullScreen();
  FullScreen(const FullScreen&) = delete;
  FullScreen& operator=(const FullScreen&) = delete;

  // Sets the terminal up again; who draws begins with a picture of its own. For a process that was
  // stopped by others and goes on.
  void enter();

  // What SIGTSTP does to a process that does not watch it, between leave and enter: returns when
  // the process goes on, at once where nobody could let it go on.
  void suspend();

 private:
  void leave();
  io::Terminal& terminal_;
};

}  // namespace corral::cli
