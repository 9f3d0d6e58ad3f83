// What the commands that ask a running service have in common.
#pragma once

#include <string>
#include <vector>

#include "cli/options.h"
#include "cli/service_client.h"

namespace corral::cli {

// A command's work with its service.
using ServiceWork = io::Task<Result<void>> (*)(ServiceClient&, const Options&);

// Does the work in a loop of its own; the program's exit status. A failure is told on stderr.
int run_work(const Options& options, ServiceWork work);

// On stdout, with columns as wide as their widest cell. The first row is the heading.
void print_table(const std::vector<std::vector<std::string>>& rows);

}  // namespace corral::cli
