// macOS: the level that its own notifications of memory pressure tell. Source: xnu,
// bsd/kern/kern_memorystatus_notify.c: 1 is normal, 2 a warning, 4 critical.
#include <sys/sysctl.h>

#include "engine/machine_memory.h"
#include "engine/memory_pressure.h"

namespace corral::engine {

Pressure MemoryGauge::look(Instant now) {
  looked_at = now;
  const MachineMemory memory = machine_memory();
  sample = {.ram_bytes = memory.ram_bytes, .available_bytes = memory.available_bytes};
  int level = 0;
  std::size_t length = sizeof level;
  const bool told =
      ::sysctlbyname("kern.memorystatus_vm_pressure_level", &level, &length, nullptr, 0) == 0;
  return told && level >= 2 ? Pressure::kShort : Pressure::kNone;
}

}  // namespace corral::engine
