// Process: one child with its own session, its stdin, stdout and stderr as streams, and the
// kernel's word on how it ended. The Process does not decide when a child shall end: dropping it
// closes the pipes and forgets the child, which is not signalled; if it still runs, its end stays
// unreaped until we end ourselves, or until Strays (strays.h) ends it.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "io/stream.h"

namespace corral::io {

struct Command {
  std::vector<std::string> argv;  // argv[0] is looked up in PATH; not empty
  std::vector<std::string> env;   // "K=V", the whole environment of the child
  std::string file{};             // what is executed, if it is not argv[0]
  bool operator==(const Command&) const = default;
};

// How a child ended: by itself with a code, or by a signal (then `signal` is not 0).
struct Exit {
  int code = 0;
  int signal = 0;
};

class Process {
 public:
  Process(Process&&) noexcept = default;
  Process& operator=(Process&&) noexcept = default;

  // Starts the child in a session and process group of its own. kNotFound if there is no such
  // program, kIo if the system refuses.
  static Result<Process> spawn(Loop& loop, const Command& command);

  int pid() const;
  // Set when the kernel has reported the child's death; `exit()` is valid from then on.
  Event& exited() const;
  Exit exit() const;

  // Signals the child alone. Nothing once it has exited.
  void signal(int signal) const;
  // Signals the child's whole group. Harmless when the child is gone.
  void signal_group(int signal) const;

  // A socket: a child that knows so may answer through it. Nothing is read from it before begin().
  Stream& in() { return in_; }
  Stream& out() { return out_; }
  Stream& err() { return err_; }

 private:
  struct State;
  struct Close {
    void operator()(State* state) const;
  };
  Process(State* state, Stream in, Stream out, Stream err);

  std::unique_ptr<State, Close> state_;  // freed by libuv's close callback
  Stream in_;
  Stream out_;
  Stream err_;
};

}  // namespace corral::io
