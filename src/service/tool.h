// Runs a tool of the system to its end: launchctl, systemctl. What it says is short; more than
// kMostOutput bytes of it are read and forgotten.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "io/loop.h"

namespace corral::service {

struct ToolResult {
  static constexpr std::size_t kMostOutput = 256 * 1024;
  int status = 0;  // its exit code; 128 and the signal's number if one ended it
  std::string out{};
  std::string err{};
};

// `argv` and `environment` are as io::Command has them; the tool is looked up in that environment's
// PATH. When `limit` has passed it is killed with all that it has started. kNotFound if there is no
// such tool, kTimeout, or kIo if the system refuses; each with a sentence.
io::Task<Result<ToolResult>> run_tool(io::Loop& loop, std::vector<std::string> argv,
                                      std::vector<std::string> environment, Duration limit);

// "WHAT failed: launchctl said 'words' (status 5); ADVICE": one sentence for a person, with the
// last words of the tool made fit to be shown.
Error tool_failure(std::string_view what, std::string_view tool, const ToolResult& result,
                   std::string_view advice);

// The value of NAME in a list of "NAME=value"; empty if there is none.
std::string value_of(const std::vector<std::string>& environment, std::string_view name);

}  // namespace corral::service
