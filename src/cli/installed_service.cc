// service install, uninstall, start, stop, restart, logs: Corral under the machine's service
// manager.
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>

#include "cli/commands.h"
#include "cli/config_source.h"
#include "cli/service_plan.h"
#include "cli/service_wait.h"
#include "engine/port_owner.h"
#include "service/definition_file.h"

namespace corral::cli {
namespace {

// The port that the service shall have is another program's: then it would only come and go.
Result<void> check_port(const ListenAddress& listen, const service::State& state) {
  const bool all = listen.host == "0.0.0.0" || listen.host == "::";
  const std::string host = all ? ListenAddress().host : listen.host;
  if (listen.port == 0 || !engine::is_port_taken(host, listen.port)) return {};
  const std::optional<engine::PortOwner> owner = engine::port_owner(listen.port);
  // Ours, or one of whom nothing can be told beside a service that runs.
  if (state.pid != 0 && (!owner || owner->pid == state.pid)) return {};
  const std::string who = owner ? words_of(*owner) : "another program";
  return fail(Code::kUnavailable, "port " + std::to_string(listen.port) + " is taken by " + who +
                                      "; stop that first, or choose another with --listen");
}

// Nothing of the person's is changed before it is known that the service can serve it.
Result<void> check_config(const ServicePlan& plan, const ListenAddress& listen) {
  const config::Reading reading = load_config(plan.config);
  if (!reading.config.has_value()) {
    failed(reading);
    return fail(Code::kInvalid, "nothing was installed; correct " + plan.config + " first");
  }
  for (const std::string& warning : reading.warnings) {
    std::fprintf(stderr, "corral: %s\n", warning.c_str());
  }
  return may_listen(listen, *reading.config);
}

io::Task<Result<void>> tell_address(io::Loop& loop, service::Manager& manager) {
  const Result<std::string> url = co_await wait_until_it_serves(loop, manager);
  if (!url.has_value()) co_return std::unexpected(url.error());
  std::printf("Corral serves at %s\n", url->c_str());
  co_return Result<void>{};
}

io::Task<Result<void>> install(io::Loop& loop, service::Manager& manager, const Options& options,
                               int&) {
  Result<ServicePlan> plan = plan_service(options);
  if (!plan.has_value()) co_return std::unexpected(plan.error());
  manager.complete(plan->definition);
  Result<std::string> text = manager.text(plan->definition);
  if (!text.has_value()) co_return std::unexpected(text.error());
  if (options.print) {
    std::fputs(text->c_str(), stdout);
    co_return Result<void>{};
  }
  const Result<service::State> state = co_await manager.state();
  if (!state.has_value()) co_return std::unexpected(state.error());
  const Result<void> free = check_port(options.listen, *state);
  if (!free.has_value()) co_return free;
  if (plan->config_is_new) {
    const Result<void> written = write_new_config(*plan);
    if (!written.has_value()) co_return written;
  }
  const Result<void> good = check_config(*plan, options.listen);
  if (!good.has_value()) co_return good;
  const Result<void> installed = co_await manager.install(std::move(*text));
  if (!installed.has_value()) co_return installed;
  std::printf("Corral is installed as a service of %s: %s\n", std::string(manager.name()).c_str(),
              manager.file().c_str());
  std::printf("Its config is %s%s\n", plan->config.c_str(),
              plan->config_is_new ? ", which is new: put your models into it" : "");
  Result<void> serves = co_await tell_address(loop, manager);
  if (serves.has_value()) std::printf("%s\n", std::string(manager.promise()).c_str());
  co_return serves;
}

io::Task<Result<void>> uninstall(io::Loop&, service::Manager& manager, const Options&, int&) {
  const bool was_there = service::exists(manager.file());
  const Result<void> gone = co_await manager.uninstall();
  if (!gone.has_value()) co_return gone;
  std::printf(was_there ? "Corral is no service any more; your config and models are as they were\n"
                        : "Corral was not installed as a service\n");
  co_return Result<void>{};
}

io::Task<Result<void>> start(io::Loop& loop, service::Manager& manager, const Options&, int&) {
  const Result<void> started = co_await manager.start();
  if (!started.has_value()) co_return started;
  Result<void> serves = co_await tell_address(loop, manager);
  co_return serves;
}

io::Task<Result<void>> restart(io::Loop& loop, service::Manager& manager, const Options&, int&) {
  const Result<void> started = co_await manager.restart();
  if (!started.has_value()) co_return started;
  Result<void> serves = co_await tell_address(loop, manager);
  co_return serves;
}

io::Task<Result<void>> stop(io::Loop&, service::Manager& manager, const Options&, int&) {
  const Result<void> stopped = co_await manager.stop();
  if (!stopped.has_value()) co_return stopped;
  const bool installed = service::exists(manager.file());
  std::printf(installed ? "the service is stopped\n" : "Corral is not installed as a service\n");
  co_return Result<void>{};
}

// Becomes the tool, which knows terminals, pagers and Ctrl-C better; returns only if it cannot.
io::Task<Result<void>> show_log(io::Loop&, service::Manager& manager, const Options& options,
                                int&) {
  std::vector<std::string> words = manager.log_command(options.follow);
  std::vector<char*> argv;
  for (std::string& word : words) argv.push_back(word.data());
  argv.push_back(nullptr);
  ::execvp(argv[0], argv.data());
  co_return fail(Code::kUnavailable,
                 "running " + words[0] + ": " + std::strerror(errno) + "; is it installed?");
}

}  // namespace

int service_install(const Options& options) { return run_with_manager(options, install); }
int service_uninstall(const Options& options) { return run_with_manager(options, uninstall); }
int service_start(const Options& options) { return run_with_manager(options, start); }
int service_stop(const Options& options) { return run_with_manager(options, stop); }
int service_restart(const Options& options) { return run_with_manager(options, restart); }
int service_logs(const Options& options) { return run_with_manager(options, show_log); }

}  // namespace corral::cli
