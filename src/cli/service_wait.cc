#include "cli/service_wait.h"

#include <utility>

#include "cli/commands.h"
#include "cli/config_source.h"
#include "cli/service_client.h"
#include "cli/service_file.h"
#include "engine/runtime_dir.h"
#include "engine/spec.h"

namespace corral::cli {
namespace {

constexpr Duration kLimit = seconds(60);
constexpr Duration kPause = milliseconds(100);

io::Task<void> work_with_manager(io::Loop& loop, const Options& options, ManagerWork work,
                                 int& status) {
  const Result<std::unique_ptr<service::Manager>> manager =
      service::find_manager(loop, options.manager, engine::own_environment());
  if (!manager.has_value()) {
    status = failed(manager.error());
    co_return;
  }
  const Result<void> done = co_await work(loop, **manager, options, status);
  if (!done.has_value()) status = failed(done.error());
}

}  // namespace

int run_with_manager(const Options& options, ManagerWork work) {
  int status = 0;
  io::Loop loop;
  loop.run(work_with_manager(loop, options, work, status));
  return status;
}

std::string service_url(const service::State& state) {
  const std::optional<std::string> folder = engine::find_runtime_dir(environment);
  return folder && state.pid > 0 ? url_of_service(*folder, state.pid) : "";
}

io::Task<bool> answers_at(io::Loop& loop, std::string url) {
  if (url.empty()) co_return false;
  Result<ServiceClient> client = ServiceClient::make(loop, url);
  if (!client.has_value()) co_return false;
  const bool present = co_await client->present();
  co_return present;
}

io::Task<Result<std::string>> wait_until_it_serves(io::Loop& loop, service::Manager& manager) {
  const Instant deadline = loop.now() + kLimit;
  while (true) {
    const Result<service::State> state = co_await manager.state();
    if (!state.has_value()) co_return std::unexpected(state.error());
    const std::string url = service_url(*state);
    const bool answers = co_await answers_at(loop, url);
    if (answers) co_return url;
    if (state->failed) {
      co_return fail(Code::kUnavailable,
                     "the service does not stay: " + std::string(manager.name()) + " says '" +
                         state->words + "'; `corral service logs` shows why");
    }
    if (loop.now() >= deadline) {
      co_return fail(Code::kTimeout,
                     "the service did not answer within a minute; `corral service status` shows "
                     "how far it came, `corral service logs` what it says");
    }
    co_await io::sleep(loop, kPause);
  }
}

}  // namespace corral::cli
