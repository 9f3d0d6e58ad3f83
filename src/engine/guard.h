// The guard: `corral guard -- COMMAND...` runs an external engine so that it never outlives us.
// A small program of plain POSIX between Corral and the command, in the command's process group:
//
//   - its stdin is a pipe from Corral. When that ends (Corral is gone, kill -9 included) the group
//     gets SIGTERM, and SIGKILL as soon as the command has exited or after three seconds;
//   - SIGTERM and the like to the guard alone are passed on to the whole group;
//   - the command's exit is the guard's: the same code, or death by the same signal;
//   - if the guard dies, the command dies too (on Linux by the kernel; see guard_macos.cc).
//
// The command's stdin is /dev/null; stdout and stderr are passed on untouched. What the command
// leaves behind in its group when it exits is killed by the Engine, or by the guard if Corral is
// gone: the guard cannot kill its own group and still tell how the command ended.
#pragma once

namespace corral::engine {

// The exit code when the command could not be executed; one sentence on stderr says why.
inline constexpr int kCannotExecute = 127;

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
