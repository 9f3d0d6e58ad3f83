// macOS: libproc lists the descriptors of each process that we may look into, and what socket each
// is. Sockets of other users are not listed at all, so whether some are unknown is asked of the
// port itself. Source: <libproc.h> and <sys/proc_info.h>.
#include "engine/port_owner.h"

#include <arpa/inet.h>
#include <libproc.h>
#include <sys/proc_info.h>

#include <algorithm>
#include <array>
#include <cstddef>

namespace corral::engine {
namespace {

std::vector<int> all_processes() {
  const int bytes = ::proc_listpids(PROC_ALL_PIDS, 0, nullptr, 0);
  std::vector<int> pids(bytes > 0 ? static_cast<std::size_t>(bytes) / sizeof(int) + 64 : 0);
  const int filled =
      ::proc_listpids(PROC_ALL_PIDS, 0, pids.data(), static_cast<int>(pids.size() * sizeof(int)));
  pids.resize(filled > 0 ? static_cast<std::size_t>(filled) / sizeof(int) : 0);
  std::erase_if(pids, [](int pid) { return pid <= 0; });
  return pids;
}

bool listens(int pid, int descriptor, std::uint16_t port) {
  socket_fdinfo info{};
  const int size = ::proc_pidfdinfo(pid, descriptor, PROC_PIDFDSOCKETINFO, &info, sizeof info);
  if (size != static_cast<int>(sizeof info) || info.psi.soi_kind != SOCKINFO_TCP) return false;
  const tcp_sockinfo& tcp = info.psi.soi_proto.pri_tcp;
  const auto local = static_cast<std::uint16_t>(tcp.tcpsi_ini.insi_lport);
  return tcp.tcpsi_state == TSI_S_LISTEN && ntohs(local) == port;
}

bool listens(int pid, std::uint16_t port) {
  const int bytes = ::proc_pidinfo(pid, PROC_PIDLISTFDS, 0, nullptr, 0);
  if (bytes <= 0) return false;
  std::vector<proc_fdinfo> open(static_cast<std::size_t>(bytes) / sizeof(proc_fdinfo) + 8);
  const int filled = ::proc_pidinfo(pid, PROC_PIDLISTFDS, 0, open.data(),
                                    static_cast<int>(open.size() * sizeof(proc_fdinfo)));
  open.resize(filled > 0 ? static_cast<std::size_t>(filled) / sizeof(proc_fdinfo) : 0);
  return std::ranges::any_of(open, [&](const proc_fdinfo& one) {
    return one.proc_fdtype == PROX_FDTYPE_SOCKET && listens(pid, one.proc_fd, port);
  });
}

}  // namespace

Listeners listeners_of(std::uint16_t port) {
  Listeners found;
  for (const int pid : all_processes()) {
    if (!listens(pid, port)) continue;
    found.owners.push_back({pid, program_of(pid)});
  }
  found.some_unknown = found.owners.empty() && is_port_taken("127.0.0.1", port);
  return found;
}

std::string program_of(int pid) {
  std::array<char, 256> name{};
  ::proc_name(pid, name.data(), name.size() - 1);
  return name.data();
}

// launchd takes in whoever lost its parent.
bool lineage_is_lost(int pid) { return parent_of(pid) == 1; }

int parent_of(int pid) {
  proc_bsdinfo info{};
  const int size = ::proc_pidinfo(pid, PROC_PIDTBSDINFO, 0, &info, sizeof info);
  return size == static_cast<int>(sizeof info) ? static_cast<int>(info.pbi_ppid) : 0;
}

}  // namespace corral::engine
