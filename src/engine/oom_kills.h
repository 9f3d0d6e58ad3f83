// How often the system has killed a process because memory was short.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "base/time.h"

namespace corral::engine {

// Since the machine started, whoever it was. 0 where the system does not count them (macOS), so
// that only a difference says something. Reads a small file of /proc.
std::uint64_t oom_kills();

// For the above: the count in the text of /proc/vmstat, 0 if there is none.
std::uint64_t parse_oom_kills(std::string_view vmstat);

// Whether the system killed for want of memory shortly before an engine's end. The count grows when
// the kill is decided; a process with gigabytes to give back may be seen to end much later, and the
// count be looked at meanwhile.
class RecentOomKills {
 public:
  explicit RecentOomKills(std::uint64_t count) : count_(count) {}
  // The count that is seen now. The more often, the less of what others suffered counts.
  void see(std::uint64_t count, Instant now);
  // Whether it was seen to grow in the last ten seconds.
  bool any(Instant now) const;

 private:
  std::uint64_t count_;
  std::optional<Instant> grew_;  // when it was seen last
};

}  // namespace corral::engine
