// How much memory this machine, or the container that we run in, has.
#pragma once

#include <cstdint>
#include <string>

namespace corral::engine {

struct MachineMemory {
  // Together with swap: what nothing can exceed. 0: the system does not tell.
  std::uint64_t total_bytes = 0;
  // Of total_bytes, what is no swap.
  std::uint64_t ram_bytes = 0;
  // Of ram_bytes, without making anybody else swap.
  std::uint64_t available_bytes = 0;
  // The container's or service's limit is what sets total_bytes, not the machine.
  bool limited = false;
};

MachineMemory machine_memory();

// The same from files below `root` instead of "/", for tests (Linux alone).
MachineMemory machine_memory_below(const std::string& root);

}  // namespace corral::engine
