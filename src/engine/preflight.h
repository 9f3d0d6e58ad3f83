// Preflight: what can be known to go wrong before an engine is started, so that nothing is stopped
// for a newcomer that cannot live.
//
//   a worker   its model's files are there, whole, and of a kind that it reads, and so are the
//              adapters, projectors and draft models that its arguments name; the machine has the
//              memory that it cannot do without
//   a command  its program is there and can be run on this machine; a model file that
//              llama-server's flag -m names is whole; nobody else sits on its port, unless
//              its checkEndpoint is none
//
// It refuses only what cannot work. What may work is let through: a file that only a container or a
// script can see, a port that is only known to be of another machine, memory that is short now but
// there (a warning). A worker's weights are mapped and could be read again and again from the disk;
// whoever wants that says so with `--load-mode mmap`. With a graphics card of its own memory,
// nothing is known about what fits.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "engine/machine_memory.h"
#include "engine/reduced_spec.h"
#include "engine/spec.h"
#include "engine/status.h"
#include "io/loop.h"

namespace corral::engine {

// What the caller knows and the system does not tell.
struct Circumstances {
  std::uint64_t reclaimable_bytes = 0;  // what the engines give back that will be stopped for it
  // Where engines of ours listen that are about to be stopped. Engines that are our descendants
  // need not be named where the system tells who listens.
  std::vector<std::uint16_t> own_ports{};
  std::vector<std::uint16_t> other_ports{};  // of other models, running or not
  std::optional<MachineMemory> memory{};     // nothing: asked of the machine
  // The kind of memory that its last start ran out of, as a Cause: it is to have less of it.
  std::optional<Cause> lacked{};
};

struct Findings {
  std::optional<Failure> failure{};  // it cannot work; `at` is set
  std::string warning{};             // it may not work as wanted; may be empty
  // Where its port is taken, and it may have another: the next that nobody has.
  std::optional<std::uint16_t> free_port{};
  std::uint64_t memory_bytes = 0;  // that it will most likely take; 0: not known
  // Where memory is lacking now or was: how it may work with less, if it may.
  std::optional<ReducedSpec> reduced{};
};

// What such a failure says and advises, without whose engine it is.
std::string fault_words(const Spec& spec, const Failure& failure);

// Blocks on files and, for some milliseconds, on the port. Any thread.
Findings preflight(const Spec& spec, const Circumstances& circumstances);

// The same on a helper thread. A disk that does not answer within `limit` is a failure; the helper
// is left to it.
io::Task<Findings> preflight(io::Loop& loop, Spec spec, Circumstances circumstances,
                             Duration limit = seconds(30));

// The check of the port alone, for when it comes to the start.
std::optional<Failure> preflight_port(const Spec& spec,
                                      const std::vector<std::uint16_t>& own_ports);

}  // namespace corral::engine
