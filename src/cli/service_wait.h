// What the commands of an installed service have in common: finding its manager, and waiting until
// the service answers.
#pragma once

#include <memory>
#include <string>

#include "cli/options.h"
#include "io/loop.h"
#include "service/manager.h"

namespace corral::cli {

// A command's work with the manager; `status` is the exit status, 0 unless it is set.
using ManagerWork = io::Task<Result<void>> (*)(io::Loop&, service::Manager&, const Options&,
                                               int& status);

// Does the work in a loop of its own; the program's exit status. A failure is told on stderr, and
// is 1.
int run_with_manager(const Options& options, ManagerWork work);

// The address where the service's process says that it serves, if it says so yet.
std::string service_url(const service::State& state);

// Whether a Corral answers there; within some seconds.
io::Task<bool> answers_at(io::Loop& loop, std::string url);

// The address of the service as soon as it answers. kUnavailable if it ends instead, kTimeout after
// a minute; both say what to look at. `manager` outlives the task.
io::Task<Result<std::string>> wait_until_it_serves(io::Loop& loop, service::Manager& manager);

}  // namespace corral::cli
