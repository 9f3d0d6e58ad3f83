#include <string>

#include "base/whole_file.h"
#include "io/process_stat.h"

namespace corral::io {

std::optional<ProcessStat> process_stat(int pid) {
  constexpr std::size_t kMost = 64 * 1024;
  const Result<std::string> text = read_file("/proc/" + std::to_string(pid) + "/stat", kMost);
  return text.has_value() ? parse_process_stat(*text) : std::nullopt;
}

}  // namespace corral::io
