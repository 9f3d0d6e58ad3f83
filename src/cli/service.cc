#include "cli/service.h"

#include <algorithm>

#include "base/log.h"
#include "cli/config_source.h"
#include "cli/embedded.h"
#include "dbus/bus.h"
#include "engine/runtime_dir.h"
#include "engine/spec.h"
#include "gateway/dialect.h"
#include "io/descriptors.h"
#include "io/executable.h"
#include "io/race.h"

namespace corral::cli {
namespace {

// Of the loop, the log and the listener, and of an engine's start.
constexpr std::size_t kOwnDescriptors = 24;
// Of a client: its connection, the one to its engine, and the file of a large body.
constexpr std::size_t kDescriptorsOfClient = 3;

// A client beyond what the descriptors allow waits in the listener. Without this limit it would be
// cut off, and no engine could be started for those who are in.
http::ServerLimits server_limits() {
  http::ServerLimits limits;
  const std::size_t most =
      io::raise_descriptor_limit(kOwnDescriptors + kDescriptorsOfClient * limits.connections);
  const std::size_t left = most > kOwnDescriptors ? most - kOwnDescriptors : 0;
  limits.connections = std::clamp<std::size_t>(left / kDescriptorsOfClient, 1, limits.connections);
  return limits;
}

}  // namespace

Result<std::unique_ptr<Service>> Service::start(io::Loop& loop, config::Config config,
                                                const ListenAddress& listen) {
  Result<io::Listener> listener = io::Listener::bind(loop, listen.host, listen.port);
  if (!listener.has_value()) return std::unexpected(listener.error());
  const Result<std::string> runtime_dir = engine::make_runtime_dir(environment);
  if (!runtime_dir.has_value()) return std::unexpected(runtime_dir.error());
  const Result<std::string> self = io::executable_path();
  if (!self.has_value()) return std::unexpected(self.error());
  set_log_level(config.log_level);
  const bool six = listen.host.find(':') != std::string::npos;
  const std::string url = "http://" + (six ? "[" + listen.host + "]" : listen.host) + ":" +
                          std::to_string(listener->port());
  gateway::Settings settings{.config = std::move(config),
                             .self_exe = *self,
                             .self_image = io::executable_image(*self),
                             .runtime_dir = *runtime_dir,
                             .environment = engine::own_environment(),
                             .host_name = io::host_name(),
                             .state_folder = gateway::state_folder(environment),
                             .system_bus = dbus::system_bus_address(),
                             .version = corral_version()};
  return std::unique_ptr<Service>(new Service(loop, settings, std::move(*listener), url));
}

Service::Service(io::Loop& loop, const gateway::Settings& settings, io::Listener listener,
                 std::string url)
    : loop_(loop),
      url_(std::move(url)),
      runtime_dir_(settings.runtime_dir),
      strays_(loop),
      gateway_(loop, settings),
      server_(
          loop, std::move(listener), server_limits(),
          [this](http::Exchange& exchange) { return gateway_.handle(exchange); },
          [](int status, std::string_view message) {
            return gateway::error_body(gateway::Dialect::kOpenAi, status, message);
          }) {
  serving_ = server_.run();
  serving_.start();
}

io::Task<Result<void>> Service::drain() {
  server_.drain();
  gateway_.drain();
  co_await server_.drained();
  co_await gateway_.stopped();
  co_return Result<void>{};
}

namespace {

io::Task<Result<void>> as_result(io::Task<void> task) {
  co_await std::move(task);
  co_return Result<void>{};
}

}  // namespace

io::Task<void> Service::stop_now() {
  gateway_.stop_now();
  io::Task<Result<void>> stopped = as_result(gateway_.stopped());
  co_await io::with_timeout(loop_, seconds(15), std::move(stopped),
                            "an engine did not stop in time");
}

}  // namespace corral::cli
