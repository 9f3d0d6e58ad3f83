#include "base/whole_file.h"
#include "engine/oom_kills.h"

namespace corral::engine {

std::uint64_t oom_kills() {
  constexpr std::size_t kMost = 1024 * 1024;
  return parse_oom_kills(read_file("/proc/vmstat", kMost).value_or(""));
}

}  // namespace corral::engine
