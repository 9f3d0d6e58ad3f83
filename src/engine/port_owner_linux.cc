// Linux: /proc/net/tcp and tcp6 give the listening sockets' inodes, and the links in /proc/PID/fd
// tell which process holds which. Source: proc(5), and tcp(7) of the kernel's documentation
// (Documentation/networking/proc_net_tcp.rst): addresses are 32-bit words in the machine's byte
// order, as hex; state 0A is LISTEN.
#include "engine/port_owner.h"

#include <dirent.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <fstream>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "base/strings.h"
#include "base/whole_file.h"
#include "io/process_stat.h"

namespace corral::engine {
namespace {

// Of a file in /proc; empty if it cannot be read. A process may be gone at any time.
std::string content(const std::string& path) {
  constexpr std::size_t kMost = 4096;
  return read_file(path, kMost).value_or("");
}

// As the kernel prints 127.0.0.0/8, ::1 and "all addresses" on a little-endian machine.
bool is_reachable_on_loopback(std::string_view address) {
  const auto is_four = [](std::string_view four) {
    return four == "00000000" || four.ends_with("7F");
  };
  if (address.size() == 8) return is_four(address);
  constexpr std::string_view kMapped = "0000000000000000FFFF0000";
  if (address.starts_with(kMapped)) return is_four(address.substr(kMapped.size()));
  return address == "00000000000000000000000000000000" ||
         address == "00000000000000000000000001000000";
}

// Line by line: with many connections the table has megabytes, which a helper thread's heap would
// keep.
void add_inodes(const std::string& table, std::uint16_t port, std::vector<std::string>& inodes) {
  std::ifstream file(table);
  for (std::string line; std::getline(file, line);) {
    std::vector<std::string_view> words;
    for (const std::string_view word : split(line, ' ')) {
      if (!word.empty()) words.push_back(word);
    }
    // "0:" local remote state queues timer retransmits uid timeout inode ...
    if (words.size() < 10 || words[3] != "0A") continue;
    const std::size_t colon = words[1].find(':');
    if (colon == std::string_view::npos) continue;
    const std::string_view digits = words[1].substr(colon + 1);
    std::uint32_t number = 0;
    std::from_chars(digits.data(), digits.data() + digits.size(), number, 16);
    if (number != port || !is_reachable_on_loopback(words[1].substr(0, colon))) continue;
    inodes.emplace_back(words[9]);
  }
}

void for_each_name(const std::string& folder, const std::function<void(const char*)>& visit) {
  const auto close = [](DIR* open) { ::closedir(open); };
  const std::unique_ptr<DIR, decltype(close)> open(::opendir(folder.c_str()), close);
  if (open == nullptr) return;
  while (const dirent* entry = ::readdir(open.get())) {
    if (entry->d_name[0] != '.') visit(entry->d_name);
  }
}

// The inode of the socket that this link in /proc/PID/fd points to; empty if it is no socket.
std::string socket_inode(const std::string& link) {
  char target[64];
  const ssize_t size = ::readlink(link.c_str(), target, sizeof target);
  std::string_view text(target, size > 0 ? static_cast<std::size_t>(size) : 0);
  constexpr std::string_view kStart = "socket:[";
  if (!text.starts_with(kStart) || !text.ends_with(']')) return {};
  text.remove_prefix(kStart.size());
  text.remove_suffix(1);
  return std::string(text);
}

}  // namespace

Listeners listeners_of(std::uint16_t port) {
  std::vector<std::string> inodes;
  add_inodes("/proc/self/net/tcp", port, inodes);
  add_inodes("/proc/self/net/tcp6", port, inodes);
  Listeners found;
  if (inodes.empty()) return found;
  std::vector<bool> known(inodes.size(), false);
  for_each_name("/proc", [&](const char* name) {
    const std::optional<std::uint64_t> pid = parse_u64(name);
    if (!pid || *pid > INT32_MAX) return;
    const std::string process = "/proc/" + std::string(name);
    bool holds = false;
    for_each_name(process + "/fd", [&](const char* number) {
      const std::string inode = socket_inode(process + "/fd/" + number);
      const auto place = inode.empty() ? inodes.end() : std::ranges::find(inodes, inode);
      if (place == inodes.end()) return;
      known[static_cast<std::size_t>(place - inodes.begin())] = true;
      holds = true;
    });
    if (!holds) return;
    found.owners.push_back({static_cast<int>(*pid), program_of(static_cast<int>(*pid))});
  });
  found.some_unknown = std::ranges::find(known, false) != known.end();
  return found;
}

std::string program_of(int pid) {
  return std::string(trim(content("/proc/" + std::to_string(pid) + "/comm")));
}

// What an engine's processes leave behind comes to its guard.
bool lineage_is_lost(int) { return false; }

int parent_of(int pid) {
  const std::optional<io::ProcessStat> stat = io::process_stat(pid);
  return stat ? stat->parent : 0;
}

}  // namespace corral::engine
