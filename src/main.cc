// corral: parses the command line and runs the command that it names.
#include <string_view>

#include "cli/commands.h"
#include "cli/embedded.h"
#include "engine/guard.h"
#include "engine/worker_start.h"

namespace {

int run_command(const corral::cli::Options& options) {
  using corral::cli::Command;
  switch (options.command) {
    case Command::kServe: return corral::cli::serve(options);
    case Command::kRun: return corral::cli::run(options);
    case Command::kPs: return corral::cli::ps(options);
    case Command::kStatus: return corral::cli::status(options);
    case Command::kTop: return corral::cli::top(options);
    case Command::kLoad: return corral::cli::load(options);
    case Command::kUnload: return corral::cli::unload(options);
    case Command::kSuspend: return corral::cli::suspend(options);
    case Command::kResume: return corral::cli::resume(options);
    case Command::kLogs: return corral::cli::logs(options);
    case Command::kSet: return corral::cli::set(options);
    case Command::kReset: return corral::cli::reset(options);
    case Command::kVersion: return corral::cli::version(options);
    case Command::kConfigCheck: return corral::cli::config_check(options);
    case Command::kServiceInstall: return corral::cli::service_install(options);
    case Command::kServiceUninstall: return corral::cli::service_uninstall(options);
    case Command::kServiceStart: return corral::cli::service_start(options);
    case Command::kServiceStop: return corral::cli::service_stop(options);
    case Command::kServiceRestart: return corral::cli::service_restart(options);
    case Command::kServiceStatus: return corral::cli::service_status(options);
    case Command::kServiceLogs: return corral::cli::service_logs(options);
  }
  return 2;
}

}  // namespace

int main(int argc, char** argv) {
  // These two are other programs in the same file; their arguments are their own.
  const std::string_view word = argc > 1 ? argv[1] : "";
  if (word == "guard") return corral::engine::guard_main(argc - 1, argv + 1);
  if (word == "engine") {
    if (corral::engine::is_worker() && !corral::engine::begin_worker()) return 1;
    argv[1] = argv[0];
    return corral::engine_main(argc - 1, argv + 1);
  }

  const std::variant<corral::cli::Options, int> parsed = corral::cli::parse_options(argc, argv);
  if (const int* status = std::get_if<int>(&parsed)) return *status;
  return run_command(std::get<corral::cli::Options>(parsed));
}
