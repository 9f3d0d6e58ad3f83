// What /proc/PID/stat tells of a process: of Linux alone. Source: proc(5).
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace corral::io {

struct ProcessStat {
  char state = 0;  // 'Z' and 'X': it is dead
  int parent = 0;
  int session = 0;
  std::uint64_t cpu_ticks = 0;  // user and system time, of waited-for dead children too
  std::uint64_t resident_pages = 0;
};

// Nothing if there is no such process any more.
std::optional<ProcessStat> process_stat(int pid);

// For the above: the text of such a file. The process may have given itself any name.
std::optional<ProcessStat> parse_process_stat(std::string_view text);

}  // namespace corral::io
