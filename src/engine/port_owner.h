// Who listens on a TCP port of this machine: so that an engine is not started where another program
// sits, and that another program's answers are not taken for the engine's.
//
// What the system tells, it tells of processes that we may look into, those of our own user. A
// listener of another user, or one that only passes connections on for a container, is nobody that
// we can name: then the answer is "cannot tell", never a guess. Blocks for some milliseconds on a
// machine with many processes; any thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace corral::engine {

// Whether something answers at, or occupies, that port of a loopback address. False for any other
// host. Waits for an answer for 250 ms at most.
bool is_port_taken(const std::string& host, std::uint16_t port);

struct PortOwner {
  int pid = 0;
  std::string program;  // "llama-server"; empty if it cannot be told
};

// "llama-server (pid 12)", or "another program (pid 12)".
std::string words_of(const PortOwner& owner);

// A process that listens on that port of the loopback, or of all addresses. Nothing if nobody does
// or it cannot be told.
std::optional<PortOwner> port_owner(std::uint16_t port);

enum class Ours { kYes, kNo, kCannotTell };

// Whether all that listens on that port of the loopback belongs to the process `leader`, its
// session or its descendants. kCannotTell also if nobody listens.
Ours listener_is_ours(std::uint16_t port, int leader);

// Who listens on that port of the loopback in the place of an engine whose first process is
// `leader`. Nothing if one of the engine's own processes listens there, too, or if it cannot be
// told: a listener that we may not look into, one that passes connections on, an engine that runs a
// program like docker or ssh (runs_elsewhere()), whose work is done by processes of others.
std::optional<PortOwner> stranger_at(std::uint16_t port, int leader);

// The first port from `from` on that nobody occupies on 127.0.0.1; after 65535 nothing.
std::optional<std::uint16_t> free_port(std::uint16_t from);

// Whether a process is `ancestor` or was started by it or by a descendant of it. What lost its
// parent does not descend from anybody but whoever took it in.
bool descends_from(int pid, int ancestor);

// What the system tells; port_owner_linux.cc and port_owner_macos.cc.
struct Listeners {
  std::vector<PortOwner> owners;  // each process that holds a listening socket of the port
  // Whether there are sockets whose owners could not be found.
  bool some_unknown = false;
};
Listeners listeners_of(std::uint16_t port);
// 0 if there is no such process.
int parent_of(int pid);
// Empty if it cannot be told.
std::string program_of(int pid);
// Whether the system has forgotten who started that process, so that it may be anybody's.
bool lineage_is_lost(int pid);

}  // namespace corral::engine
