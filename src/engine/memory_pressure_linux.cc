// Linux. Source: the kernel's Documentation/accounting/psi.rst.
#include "base/whole_file.h"
#include "engine/machine_memory.h"
#include "engine/memory_pressure.h"

namespace corral::engine {

Pressure MemoryGauge::look(Instant now) { return look_below("/", now); }

Pressure MemoryGauge::look_below(const std::string& root, Instant now) {
  constexpr std::size_t kMost = 64 * 1024;
  const MachineMemory memory = machine_memory_below(root);
  sample = {.ram_bytes = memory.ram_bytes, .available_bytes = memory.available_bytes};
  const auto total = stalled_in(read_file(root + "proc/pressure/memory", kMost).value_or(""));
  if (total && stalled && now > looked_at) {
    sample.stalled = std::chrono::duration<double>(*total - *stalled) /
                     std::chrono::duration<double>(now - looked_at);
  }
  stalled = total;
  looked_at = now;
  return pressure_of(sample);
}

}  // namespace corral::engine
