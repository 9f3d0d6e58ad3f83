// Status: what everybody is told of an engine. The API, the events, the log and the terminal say
// these words and no others.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "base/time.h"

namespace corral::engine {

enum class State { kStopped, kStarting, kLoading, kReady, kSleeping, kStopping, kFailed };

// A process runs, or is about to.
constexpr bool is_running(State state) {
  return state != State::kStopped && state != State::kFailed;
}

// What questions to a running engine have shown. Unknown until the first was answered.
enum class Health { kUnknown, kHealthy, kDegraded, kUnhealthy };

// Why an engine that ran does not run any more.
enum class StopReason { kAsked, kIdle, kEvicted, kSuspend, kShutdown, kCrash };

// What went wrong, in one word for programs.
enum class Cause {
  kExited,            // it ended by itself, and nothing tells why
  kOutOfMemory,       // of the machine: it gave up, or the kernel killed it
  kGpuOutOfMemory,    // of a graphics card
  kMissingFile,       // a model file that is not there
  kBadFile,           // a model file that cannot be read, is cut short or no GGUF
  kUnsupportedModel,  // a model file of a kind or version that the engine does not know
  kUnsupportedCpu,    // the program needs instructions that the processor lacks
  kNotExecutable,     // the command is not there, no program, or one for other machines
  kMissingLibrary,    // the command needs a shared library that is not there
  kBadArguments,      // it refuses its arguments
  kPortTaken,         // another program listens where it would
  kForeignListener,   // another program answers where it should
  kNoResources,       // the system has no more processes or descriptors
  kKilled,            // somebody sent it a signal
  kCrashed,           // a fault of its own
  kAssertion,         // it found itself in a state that cannot be
  kStartTimeout,      // it was not ready in time
  kStuck,             // it ran and did nothing
};

std::string_view to_string(State state);        // "stopped", "starting", ...
std::string_view to_string(Health health);      // "unknown", "healthy", ...
std::string_view to_string(StopReason reason);  // "asked", "idle", ...
std::string_view to_string(Cause cause);        // "exited", "out_of_memory", ...

using WallTime = std::chrono::system_clock::time_point;

struct Failure {
  Cause cause = Cause::kExited;
  std::string message{};  // one sentence: what happened, to which model
  std::string hint{};     // one sentence: what to do next; may be empty
  std::string output{};   // the engine's own last lines; may be empty
  WallTime at{};
};

// The failure as the refusal of a request: all its words, and the code that a gateway's reply
// follows from.
Error to_error(const Failure& failure);

// How the engine's last process ended, also when it was asked to.
struct LastExit {
  int code = 0;         // means something where signal is 0
  int signal = 0;       // 0: it exited by itself
  std::string cause{};  // "asked", or the word of a Cause
  WallTime at{};
};

// With what less than its config says an engine runs, because memory is short; see reduced_spec.h.
struct Reduction {
  std::optional<std::uint64_t> context{};     // tokens; nothing: as the config says
  std::optional<std::uint64_t> gpu_layers{};  // that are put onto the GPU; nothing: as it says
  bool operator==(const Reduction&) const = default;
};

// "SIGKILL", or "signal 77" for one without a name.
std::string signal_name(int number);

struct Status {
  State state = State::kStopped;
  Health health = Health::kUnknown;
  double progress = 0;                 // of loading, 0 to 1; stays 0 where the engine does not tell
  std::string stage;                   // of loading, in the engine's own word; may be empty
  int pid = 0;                         // the engine's own, not its guard's; 0 when no process runs
  std::optional<Instant> ready_since;  // while it is ready or sleeping
  std::uint64_t restarts = 0;          // starts after an end that nobody asked for
  std::uint64_t memory_bytes = 0;      // of all its processes; 0 when none runs
  std::string limits;                  // that the process is under, in words; may be empty
  std::optional<Reduction> reduced;    // of the process that runs; nothing: it has all it should
  std::optional<StopReason> stop_reason;  // of the last end
  std::optional<Failure> last_error;      // stays after a good start
  std::optional<LastExit> last_exit;      // stays too
};

}  // namespace corral::engine
