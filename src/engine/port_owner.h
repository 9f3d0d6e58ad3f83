// Who listens on a TCP port of this machine: so that an engine is not started where another program
// sits.
//
// What the system tells, it tells of processes that we may look into, those of our own user. Blocks
// for some milliseconds on a machine with many processes; any thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

namespace corral::engine {

// Whether something answers at, or occupies, that port of a loopback address. False for any other
// host. Waits for an answer for 250 ms at most.
bool is_port_taken(const std::string& host, std::uint16_t port);

struct PortOwner {
  int pid = 0;
  std::string program;  // "llama-server"; empty if it cannot be told
};

// A process that listens on that port of the loopback, or of all addresses. Nothing if nobody does
// or it cannot be told. port_owner_linux.cc and port_owner_macos.cc.
std::optional<PortOwner> port_owner(std::uint16_t port);

// Whether a process is `ancestor` or was started by it or by a descendant of it. What lost its
// parent does not descend from anybody but whoever took it in.
bool descends_from(int pid, int ancestor);

// 0 if there is no such process.
int parent_of(int pid);

}  // namespace corral::engine
