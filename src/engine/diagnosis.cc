#include "engine/diagnosis.h"

#include <algorithm>
#include <array>
#include <csignal>
#include <optional>

#include "base/strings.h"
#include "engine/guard.h"
#include "engine/last_lines.h"
#include "engine/output_signs.h"

namespace corral::engine {
namespace {

// Signals that a process gives itself, or that a fault of its own causes.
constexpr std::array kOwnSignals = {SIGABRT, SIGTRAP, SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGSYS};

bool is_own(int signal) { return std::ranges::find(kOwnSignals, signal) != kOwnSignals.end(); }

Cause cause_of_signal(int signal) {
  switch (signal) {
    case SIGABRT:
    case SIGTRAP: return Cause::kAssertion;
    case SIGILL: return Cause::kUnsupportedCpu;
    default: return is_own(signal) ? Cause::kCrashed : Cause::kKilled;
  }
}

// What a sign says, as the rest of a sentence about the engine; the line follows.
std::string_view words_of(Cause cause) {
  switch (cause) {
    case Cause::kOutOfMemory: return "ran out of memory";
    case Cause::kGpuOutOfMemory: return "ran out of memory of the graphics card";
    case Cause::kNoResources: return "got too little from the system";
    case Cause::kUnsupportedModel: return "does not know this kind of model";
    case Cause::kMissingLibrary: return "needs a library that is not there";
    case Cause::kPortTaken: return "could not listen at its address";
    case Cause::kBadArguments: return "refused its arguments";
    case Cause::kMissingFile: return "could not open a file";
    case Cause::kBadFile: return "could not load its model";
    case Cause::kAssertion: return "found itself in a state that cannot be, and gave up";
    default: return "";
  }
}

std::string_view hint_of(Cause cause, int signal) {
  switch (cause) {
    case Cause::kOutOfMemory:
      return "give it a shorter context (ctx), take a smaller model or a smaller quantisation of "
             "it, or end programs that use much memory";
    case Cause::kGpuOutOfMemory:
      return "put fewer layers onto the card (gpuLayers), give it a shorter context (ctx), or end "
             "programs that use the card";
    case Cause::kNoResources: return "raise limits.openFiles of the model, or the user's limits";
    case Cause::kUnsupportedModel:
      return "a newer version of the engine may know it; this one's is in 'corral version'";
    case Cause::kMissingLibrary:
      return "install what has it, or name its folder in LD_LIBRARY_PATH in the model's env";
    case Cause::kPortTaken:
      return "most often another program has it: let the command use ${PORT}, or end that program; "
             "else see whether the address is one of this machine";
    case Cause::kBadArguments:
      return "correct them in the model's cmd or args; 'corral engine --help' lists what the "
             "built-in engine takes";
    case Cause::kMissingFile: return "correct its path in the config, or put it there";
    case Cause::kBadFile: return "get the file again; it may have been cut short or changed";
    case Cause::kAssertion:
      return "this is a fault of the engine: its makers will want its last lines and the model's "
             "name";
    case Cause::kUnsupportedCpu:
      return "it was built for a newer processor; get a build for this one";
    case Cause::kCrashed:
      return signal == SIGBUS ? "its model's file may have been cut short while it was in use, or "
                                "its disk be full or gone"
                              : "this is a fault of the engine; a newer version may not have it";
    case Cause::kKilled:
      return signal == SIGKILL
                 ? "if nobody did it by hand, the system's log tells who did: journalctl -k, or on "
                   "macOS Console, where it is most often the want of memory"
                 : "";
    default: return "";
  }
}

// What a thread that has no room for its stack is told; it may also be one thread too many.
bool is_refused_stack(const Sign& sign) {
  return sign.cause == Cause::kNoResources &&
         to_lower(sign.line).find("temporarily unavailable") != std::string::npos;
}

std::optional<EndKind> kind_of(const End& end) {
  if (end.exit.signal != 0) {
    return is_own(end.exit.signal) ? std::optional(EndKind::kAborted) : std::nullopt;
  }
  return end.was_ready ? EndKind::kExited : EndKind::kAtStart;
}

}  // namespace

std::string describe(const io::Exit& exit) {
  if (exit.signal == 0) return "exited with status " + std::to_string(exit.code);
  std::string words = "was killed by " + signal_name(exit.signal);
  switch (exit.signal) {
    case SIGSEGV: return words + ", for a bad memory access";
    case SIGBUS: return words + ", for memory or a mapped file that is not there";
    case SIGFPE: return words + ", for an impossible calculation";
    case SIGILL: return words + ", for an instruction that this processor lacks";
    default: return words;
  }
}

Failure diagnose(const End& end) {
  Failure failure{.output = last_lines(end.output)};
  const int signal = end.exit.signal;
  std::string what;
  const bool no_command =
      !end.worker && !end.was_ready && signal == 0 && end.exit.code == kCannotExecute;
  const std::optional<EndKind> kind = kind_of(end);
  std::optional<Sign> sign = kind ? find_sign(end.output, *kind) : std::optional<Sign>();
  if (sign && end.memory_limited && is_refused_stack(*sign)) sign->cause = Cause::kOutOfMemory;
  if (sign) {
    failure.cause = sign->cause;
    what = std::string(words_of(sign->cause)) + " (" + sign->line + ") and " + describe(end.exit);
  } else if (no_command) {
    failure.cause = Cause::kNotExecutable;
    what = "could not be started";
  } else if (signal == SIGKILL && end.oom_kills) {
    failure.cause = Cause::kOutOfMemory;
    what = describe(end.exit) + " when the system, out of memory, killed a process";
  } else {
    failure.cause = signal != 0 ? cause_of_signal(signal) : Cause::kExited;
    what = describe(end.exit);
  }
  failure.message = "the engine of '" + end.model + "' " + what;
  if (!no_command && !end.was_ready) failure.message += ", before it was ready";
  failure.hint = hint_of(failure.cause, signal);
  return failure;
}

}  // namespace corral::engine
