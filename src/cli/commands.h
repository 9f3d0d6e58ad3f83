// The commands of the terminal. Each returns the program's exit status: 0 for success, 1 when what
// was asked could not be done (one sentence on stderr says why and what to do next).
#pragma once

#include "cli/options.h"
#include "config/config.h"

namespace corral::cli {

int serve(const Options& options);
int run(const Options& options);
int ps(const Options& options);
int status(const Options& options);
int top(const Options& options);
int load(const Options& options);
int unload(const Options& options);
int suspend(const Options& options);
int resume(const Options& options);
int logs(const Options& options);
int set(const Options& options);
int reset(const Options& options);
int version(const Options& options);
int config_check(const Options& options);

// Corral under the machine's service manager.
int service_install(const Options& options);
int service_uninstall(const Options& options);
int service_start(const Options& options);
int service_stop(const Options& options);
int service_restart(const Options& options);
int service_status(const Options& options);  // its exit status: service_report.h
int service_logs(const Options& options);

// "corral: SENTENCE" on stderr; returns 1.
int failed(const Error& error);
// The same for each error of a config, behind its warnings.
int failed(const config::Reading& reading);

}  // namespace corral::cli
