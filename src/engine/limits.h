// Limits: what an engine's processes may use (the config's `limits`), set by the process that
// becomes the engine, right before it does: `corral guard` of a command, `corral engine` of a
// worker. They reach it in its environment, under a name that it takes out again, so that the
// engine never sees it.
//
// Memory is limited for all processes of an engine together, by a group (memory_group.h), where the
// system lets us have one. Elsewhere with RLIMIT_DATA: what a process itself asks for, be it heap
// or anonymous mappings. Not with RLIMIT_AS, which would count mapped model files and the address
// space that graphics drivers reserve, hundreds of GiB of which are never memory. Then each process
// has the limit for itself, and a mapped model's weights do not count. macOS has neither; there
// limit_warning() says so.
#pragma once

#include <cstdint>
#include <string>

#include "config/options.h"
#include "engine/memory_group.h"
#include "engine/status.h"
#include "io/process.h"

namespace corral::engine {

// Of one engine that runs or shall run.
struct ProcessLimits {
  config::Limits limits{};
  std::string
      memory_group{};  // which holds it to limits.memory_bytes, see memory_group.h; or empty

  bool operator==(const ProcessLimits&) const = default;
};

// A group for the next engine of `model`, if its memory is limited and the system lets us have one.
// That a group cannot be used is logged.
MemoryGroup make_memory_group(const std::string& model, const config::Limits& limits);

// The command with the limits in its environment, which alone may have something of that name.
io::Command with_limits(io::Command command, const ProcessLimits& limits);
// What with_limits() has put into our own environment, which loses it. None if it is not there.
ProcessLimits take_limits();

// Limits the calling process and all that it starts. What the system refuses is one sentence on
// stderr, and the rest is set all the same.
void apply_limits(const ProcessLimits& limits);

// "memory 1024 MiB for each process, 64 open files, nice 5"; empty if nothing is limited.
std::string limits_in_words(const ProcessLimits& limits);
// One sentence about what this system will refuse to `model`'s engine; empty if nothing.
std::string limit_warning(const std::string& model, const config::Limits& limits);

// Of an engine that ran out of memory under a limit of its own: adds what the limit is, and what to
// do about that.
void name_limit(const ProcessLimits& limits, Failure& failure);

// limits_linux.cc and limits_macos.cc.
// Whether the system holds processes to limit_memory(), which sets errno if it fails.
bool can_limit_memory();
bool limit_memory(std::uint64_t bytes);
// The most that this process can have, and give to those that it starts.
std::uint64_t most_open_files();
// Whether this process may change its nice value to `nice`.
bool may_have_nice(int nice);
// Puts the whole session into that place; where the system knows no such thing, nothing.
void set_session_nice(int nice);

}  // namespace corral::engine
