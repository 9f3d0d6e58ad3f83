// From the kernel's list of processes and their resource usage, see <libproc.h>.
#include <libproc.h>
#include <mach/mach_time.h>
#include <sys/proc.h>
#include <sys/proc_info.h>
#include <sys/resource.h>
#include <unistd.h>

#include "engine/process_usage.h"

namespace corral::engine {
namespace {

std::vector<pid_t> all_processes() {
  const int bytes = ::proc_listpids(PROC_ALL_PIDS, 0, nullptr, 0);
  if (bytes <= 0) return {};
  // Some more than there are now: others may start meanwhile.
  std::vector<pid_t> pids(static_cast<std::size_t>(bytes) / sizeof(pid_t) + 64);
  const int filled =
      ::proc_listpids(PROC_ALL_PIDS, 0, pids.data(), static_cast<int>(pids.size() * sizeof(pid_t)));
  pids.resize(filled > 0 ? static_cast<std::size_t>(filled) / sizeof(pid_t) : 0);
  return pids;
}

// The kernel counts CPU time in ticks of its own clock, which are no nanoseconds on Apple's chips.
std::chrono::nanoseconds time_of(std::uint64_t mach_ticks) {
  mach_timebase_info_data_t base{};
  if (::mach_timebase_info(&base) != KERN_SUCCESS || base.denom == 0) return {};
  return std::chrono::nanoseconds(static_cast<std::int64_t>(
      static_cast<double>(mach_ticks) * static_cast<double>(base.numer) / base.denom));
}

}  // namespace

std::vector<int> processes_of(const ProcessTree& tree) {
  std::vector<ProcessLink> found;
  for (const pid_t pid : all_processes()) {
    proc_bsdshortinfo info{};
    if (pid <= 0) continue;
    if (::proc_pidinfo(pid, PROC_PIDT_SHORTBSDINFO, 0, &info, sizeof info) != sizeof info) continue;
    if (info.pbsi_status == SZOMB) continue;  // dead, and not reaped yet
    found.push_back({.pid = pid,
                     .parent = static_cast<int>(info.pbsi_ppid),
                     .session = static_cast<int>(::getsid(pid))});
  }
  return select_tree(tree, found);
}

ProcessUsage usage_of(const ProcessTree& tree) {
  ProcessUsage usage;
  std::uint64_t ticks = 0;
  for (const int pid : processes_of(tree)) {
    rusage_info_v2 info{};
    auto* out = reinterpret_cast<rusage_info_t*>(&info);
    if (::proc_pid_rusage(pid, RUSAGE_INFO_V2, out) != 0) continue;
    ++usage.processes;
    ticks += info.ri_user_time + info.ri_system_time;
    ticks += info.ri_child_user_time + info.ri_child_system_time;
    usage.memory_bytes += info.ri_resident_size;
    usage.bytes_read += info.ri_diskio_bytesread;
  }
  usage.cpu = time_of(ticks);
  return usage;
}

}  // namespace corral::engine
