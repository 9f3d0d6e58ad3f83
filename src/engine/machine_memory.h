// How much memory this machine, or the container that we run in, has.
#pragma once

#include <cstdint>
#include <string>

namespace corral::engine {

struct MachineMemory {
  // Together with swap: what nothing can exceed. 0: the system does not tell.
  std::uint64_t total_bytes = 0;
  // Without making anybody else swap. 0 only if total_bytes is.
  std::uint64_t available_bytes = 0;
  // The container's or service's limit is what sets total_bytes, not the machine.
  bool limited = false;
};

MachineMemory machine_memory();

// The same from files below `root` instead of "/", for tests (Linux alone).
MachineMemory machine_memory_below(const std::string& root);

}  // namespace corral::engine
