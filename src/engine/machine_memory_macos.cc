// macOS: the size of the machine, and the pages that are free or given back without writing. Swap
// grows with the disk, so it is not counted.
#include "engine/machine_memory.h"

#include <mach/mach.h>
#include <sys/sysctl.h>

namespace corral::engine {

MachineMemory machine_memory() {
  MachineMemory memory;
  std::uint64_t size = 0;
  std::size_t length = sizeof size;
  if (::sysctlbyname("hw.memsize", &size, &length, nullptr, 0) != 0) return memory;
  memory.total_bytes = size;
  memory.ram_bytes = size;
  memory.available_bytes = size;
  vm_statistics64_data_t pages{};
  mach_msg_type_number_t count = HOST_VM_INFO64_COUNT;
  const mach_port_t host = ::mach_host_self();
  const bool told =
      ::host_statistics64(host, HOST_VM_INFO64, reinterpret_cast<host_info64_t>(&pages), &count) ==
      KERN_SUCCESS;
  ::mach_port_deallocate(::mach_task_self(), host);
  if (!told) return memory;
  const std::uint64_t free = std::uint64_t{pages.free_count} + pages.inactive_count +
                             pages.purgeable_count + pages.speculative_count;
  memory.available_bytes = free * static_cast<std::uint64_t>(::vm_kernel_page_size);
  return memory;
}

MachineMemory machine_memory_below(const std::string&) { return machine_memory(); }

}  // namespace corral::engine
