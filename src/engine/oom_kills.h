// How often the system has killed a process because memory was short.
#pragma once

#include <cstdint>
#include <string_view>

namespace corral::engine {

// Since the machine started, whoever it was. 0 where the system does not count them (macOS), so
// that only a difference says something. Reads a small file of /proc.
std::uint64_t oom_kills();

// For the above: the count in the text of /proc/vmstat, 0 if there is none.
std::uint64_t parse_oom_kills(std::string_view vmstat);

}  // namespace corral::engine
