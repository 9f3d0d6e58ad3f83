// The options of a model as the flags of llama-server, as `corral engine --help` names them.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "config/options.h"

namespace corral::engine {

// A flag for each option that is given, and nothing for one that is not.
std::vector<std::string> worker_flags(const config::WorkerOptions& options);

// How many threads a worker uses if nobody says: all cores of this machine but one, which is left
// for Corral and everything else. At least 1.
std::size_t default_threads();

}  // namespace corral::engine
