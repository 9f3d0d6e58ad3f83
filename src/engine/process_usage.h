// What the processes of one engine have used: evidence that it works, and its memory.
//
// An engine's processes are those of the session that its first process leads, and whatever
// descends from one of them. A process that has left both (a daemon) is not seen.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "base/time.h"
#include "io/loop.h"

namespace corral::engine {

// All sums are over the processes that live now; each is 0 where the system does not tell it.
struct ProcessUsage {
  Duration cpu{};                  // user and system time, of waited-for dead children too
  std::uint64_t bytes_read = 0;    // from disks, page faults of mapped files included
  std::uint64_t memory_bytes = 0;  // resident, pages of mapped model files included
  std::size_t processes = 0;
  bool operator==(const ProcessUsage&) const = default;
};

// Which processes to look at. The guard of a command leads its session and is no part of it.
struct ProcessTree {
  int leader = 0;
  bool guarded = false;  // leave the leader out
};

// Their numbers, in no order. Reads /proc or asks the kernel for each process of the machine: some
// milliseconds on a machine with many, so not on the loop's thread.
std::vector<int> processes_of(const ProcessTree& tree);
ProcessUsage usage_of(const ProcessTree& tree);

// usage_of() on a helper thread.
io::Task<ProcessUsage> measure_usage(io::Loop& loop, ProcessTree tree);

// For the two above: what is known of one process. `found` are all of the machine; leaves those of
// the tree.
struct ProcessLink {
  int pid = 0;
  int parent = 0;
  int session = 0;
};
std::vector<int> select_tree(const ProcessTree& tree, const std::vector<ProcessLink>& found);

}  // namespace corral::engine
