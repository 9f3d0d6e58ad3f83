// Limits: what an engine's processes may use (the config's `limits`), set by the process that
// becomes the engine, right before it does: `corral guard` of a command, `corral engine` of a
// worker. They reach it in its environment, under a name that it takes out again, so that the
// engine never sees it.
//
// Memory is limited with RLIMIT_DATA: what a process itself asks for, be it heap or anonymous
// mappings. Not with RLIMIT_AS, which would count mapped model files and the address space that
// graphics drivers reserve, hundreds of GiB of which are never memory. So each process has the
// limit for itself, and a mapped model's weights do not count. macOS does not hold a process to
// either; there limit_warning() says so.
#pragma once

#include <cstdint>
#include <string>

#include "config/options.h"
#include "engine/status.h"

namespace corral::engine {

// The entry of an engine's environment, "NAME=value"; empty if nothing is limited.
std::string limits_entry(const config::Limits& limits);
// What limits_entry() says in our own environment, which loses it. None if it is not there.
config::Limits take_limits();

// Limits the calling process and all that it starts. What the system refuses is one sentence on
// stderr, and the rest is set all the same.
void apply_limits(const config::Limits& limits);

// "memory 1024 MiB for each process, 64 open files, nice 5"; empty if nothing is limited.
std::string limits_in_words(const config::Limits& limits);
// One sentence about what this system will refuse to `model`'s engine; empty if nothing.
std::string limit_warning(const std::string& model, const config::Limits& limits);

// Of an engine that ran out of memory under a limit of its own: adds what the limit is, and what to
// do about that.
void name_limit(const config::Limits& limits, Failure& failure);

// limits_linux.cc and limits_macos.cc.
// Whether the system holds processes to limit_memory(), which sets errno if it fails.
bool can_limit_memory();
bool limit_memory(std::uint64_t bytes);
// Whether this process may lower its nice value to `nice`.
bool may_have_nice(int nice);
// Puts the whole session into that place; where the system knows no such thing, nothing.
void set_session_nice(int nice);

}  // namespace corral::engine
