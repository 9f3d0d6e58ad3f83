#include "engine/oom_kills.h"

#include "base/strings.h"

namespace corral::engine {

std::uint64_t parse_oom_kills(std::string_view vmstat) {
  constexpr std::string_view kKey = "oom_kill ";
  for (const std::string_view line : split(vmstat, '\n')) {
    if (line.starts_with(kKey)) return parse_u64(line.substr(kKey.size())).value_or(0);
  }
  return 0;
}

}  // namespace corral::engine
