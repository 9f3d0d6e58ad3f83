// The guard: `corral guard -- COMMAND...` runs an external engine so that nothing of it outlives
// us. A small program of plain POSIX between Corral and the command, in the command's process
// group:
//
//   - its stdin is a socket from Corral. When that ends (Corral is gone, kill -9 included) the
//     group gets SIGTERM, and whatever is left after three seconds is killed;
//   - SIGTERM and the like to the guard alone are passed on to the whole group, SIGTERM also to
//     those that left it;
//   - kEndNow kills everything at once;
//   - when the command has ended, what it left behind is killed, wherever it went: on Linux all its
//     descendants come back to the guard when their own parent ends (see io/children.h);
//   - then the command's exit is the guard's: the same code, or death by the same signal;
//   - if the guard dies, the command dies too (on Linux by the kernel; see guard_macos.cc), and
//     io::Strays of Corral takes care of the rest.
//
// The command's stdin is /dev/null; stdout and stderr are passed on untouched. Through the socket
// the guard tells the command's own process id, as "pid NUMBER" and a newline; nothing that the
// command prints gets there. The command alone is under the limits of limits.h.
#pragma once

#include <csignal>
#include <optional>
#include <string_view>

namespace corral::engine {

// The exit code when the command could not be executed; one sentence on stderr says why.
inline constexpr int kCannotExecute = 127;

// The signal that tells a guard to kill everything at once and end.
inline constexpr int kEndNow = SIGALRM;

// The process id in what a guard tells, newline included. Nothing if it is something else.
std::optional<int> parse_guard_report(std::string_view line);

// The whole program. argv: {"guard", "--", command, arguments...}. Returns the exit code, unless
// it dies of the command's signal. Requires: no other thread, SIGCHLD not ignored.
int guard_main(int argc, char** argv);

// The calling process, just forked by `parent`, is killed with SIGKILL when `parent` dies. False if
// it has died already. Where the system has no such thing: does nothing, true.
bool die_with_parent(int parent);

// Whether nobody holds the other end of our stdin: of a process whose stdin is a pipe from Corral,
// that Corral is gone.
bool stdin_is_abandoned();

}  // namespace corral::engine
