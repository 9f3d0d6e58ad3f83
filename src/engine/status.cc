#include "engine/status.h"

#include <array>
#include <csignal>
#include <utility>

namespace corral::engine {

std::string_view to_string(State state) {
  switch (state) {
    case State::kStopped: return "stopped";
    case State::kStarting: return "starting";
    case State::kLoading: return "loading";
    case State::kReady: return "ready";
    case State::kSleeping: return "sleeping";
    case State::kStopping: return "stopping";
    case State::kFailed: return "failed";
  }
  return "";
}

std::string_view to_string(Health health) {
  switch (health) {
    case Health::kUnknown: return "unknown";
    case Health::kHealthy: return "healthy";
    case Health::kDegraded: return "degraded";
    case Health::kUnhealthy: return "unhealthy";
  }
  return "";
}

std::string_view to_string(StopReason reason) {
  switch (reason) {
    case StopReason::kAsked: return "asked";
    case StopReason::kIdle: return "idle";
    case StopReason::kEvicted: return "evicted";
    case StopReason::kSuspend: return "suspend";
    case StopReason::kShutdown: return "shutdown";
    case StopReason::kCrash: return "crash";
  }
  return "";
}

std::string_view to_string(Cause cause) {
  switch (cause) {
    case Cause::kExited: return "exited";
    case Cause::kOutOfMemory: return "out_of_memory";
    case Cause::kGpuOutOfMemory: return "gpu_out_of_memory";
    case Cause::kMissingFile: return "missing_file";
    case Cause::kBadFile: return "bad_file";
    case Cause::kUnsupportedModel: return "unsupported_model";
    case Cause::kUnsupportedCpu: return "unsupported_cpu";
    case Cause::kNotExecutable: return "not_executable";
    case Cause::kMissingLibrary: return "missing_library";
    case Cause::kBadArguments: return "bad_arguments";
    case Cause::kPortTaken: return "port_taken";
    case Cause::kForeignListener: return "foreign_listener";
    case Cause::kNoResources: return "no_resources";
    case Cause::kKilled: return "killed";
    case Cause::kCrashed: return "crashed";
    case Cause::kAssertion: return "assertion";
    case Cause::kStartTimeout: return "start_timeout";
    case Cause::kStuck: return "stuck";
  }
  return "";
}

namespace {

Code code_of(Cause cause) {
  switch (cause) {
    case Cause::kStartTimeout: return Code::kTimeout;
    case Cause::kMissingFile:
    case Cause::kBadFile:
    case Cause::kUnsupportedModel:
    case Cause::kUnsupportedCpu:
    case Cause::kNotExecutable:
    case Cause::kMissingLibrary:
    case Cause::kBadArguments: return Code::kNotFound;
    default: return Code::kUnavailable;
  }
}

}  // namespace

Error to_error(const Failure& failure) {
  std::string words = failure.message;
  if (!failure.hint.empty()) words += "; " + failure.hint;
  if (!failure.output.empty()) words += "; its last lines:\n" + failure.output;
  return Error{code_of(failure.cause), words};
}

std::string signal_name(int number) {
  constexpr std::array kNames = {
      std::pair{SIGHUP, "SIGHUP"},   std::pair{SIGINT, "SIGINT"},   std::pair{SIGQUIT, "SIGQUIT"},
      std::pair{SIGILL, "SIGILL"},   std::pair{SIGTRAP, "SIGTRAP"}, std::pair{SIGABRT, "SIGABRT"},
      std::pair{SIGBUS, "SIGBUS"},   std::pair{SIGFPE, "SIGFPE"},   std::pair{SIGKILL, "SIGKILL"},
      std::pair{SIGUSR1, "SIGUSR1"}, std::pair{SIGSEGV, "SIGSEGV"}, std::pair{SIGUSR2, "SIGUSR2"},
      std::pair{SIGPIPE, "SIGPIPE"}, std::pair{SIGALRM, "SIGALRM"}, std::pair{SIGTERM, "SIGTERM"},
      std::pair{SIGXCPU, "SIGXCPU"}, std::pair{SIGXFSZ, "SIGXFSZ"}, std::pair{SIGSYS, "SIGSYS"},
  };
  for (const auto& [signal, name] : kNames) {
    if (signal == number) return name;
  }
  return "signal " + std::to_string(number);
}

}  // namespace corral::engine
