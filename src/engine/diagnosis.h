// Diagnosis: words for people about an engine that ended, from how the kernel says that it ended,
// from what it said last itself (output_signs.h) and from what the system counts.
//
//   the end                                   the cause
//   a command that could not be executed      not_executable
//   before it was ready, by itself            what any of its last lines show, else exited
//   by a signal of its own or a fault         memory or an assertion that its lines show, else
//                                             assertion (SIGABRT, SIGTRAP), unsupported_cpu
//                                             (SIGILL) or crashed
//   when it was ready, by itself              memory that its lines show, else exited
//   by a signal of its own, under a limit of   out_of_memory, where a thread was refused its stack
//     memory
//   SIGKILL soon after the system killed for  out_of_memory
//     want of memory
//   any other signal                          killed
#pragma once

#include <string>

#include "engine/status.h"
#include "io/process.h"

namespace corral::engine {

// An end that nobody asked for.
struct End {
  std::string model{};
  bool worker = false;     // our own, not a command under guard
  bool was_ready = false;  // in this life
  io::Exit exit{};
  std::string output{};         // what it printed last, as it did
  bool memory_limited = false;  // each of its processes, by the model's limits
  bool oom_kills = false;       // shortly before, the system killed some process for want of memory
};

// What happened and what to do about it. `at` is left for the caller.
Failure diagnose(const End& end);

// "exited with status 3", "was killed by SIGKILL"; continues a sentence about the engine.
std::string describe(const io::Exit& exit);

}  // namespace corral::engine
