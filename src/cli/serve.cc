#include <unistd.h>

#include <cstdio>
#include <filesystem>
#include <tuple>

#include "base/log.h"
#include "base/strings.h"
#include "cli/commands.h"
#include "cli/config_source.h"
#include "cli/service.h"
#include "cli/service_file.h"
#include "engine/port_owner.h"
#include "io/race.h"
#include "io/signals.h"
#include "service/notify.h"

namespace corral::cli {
namespace {

constexpr Duration kDrainLimit = seconds(60);
constexpr Duration kLook = seconds(30);

// The model of the example: the first in the file that is listed, rather one whose file is there.
const config::Model* model_to_try(const config::Config& config) {
  const auto rank = [](const config::Model& model) {
    const bool ready = !model.gguf.empty() && ::access(model.gguf.c_str(), R_OK) == 0;
    return std::tuple(!ready, model.mark.line, model.mark.column);
  };
  const config::Model* best = nullptr;
  for (const config::Model& model : config.models) {
    if (!model.unlisted && (best == nullptr || rank(model) < rank(*best))) best = &model;
  }
  return best;
}

void print_greeting(const Service& service, const config::Config& config) {
  std::string text = "Corral serves " + std::to_string(config.models.size()) +
                     (config.models.size() == 1 ? " model at " : " models at ") + service.url() +
                     "\n";
  for (const config::Model& model : config.models) {
    text +=
        "  " + model.id + (model.description.empty() ? "" : "  (" + model.description + ")") + "\n";
  }
  if (const config::Model* shown = model_to_try(config)) {
    text += "Try:\n  curl " + service.url() +
            "/v1/chat/completions -d '{\"model\": " + json_quote(shown->id) +
            ", \"messages\": [{\"role\": \"user\", \"content\": \"Hello\"}]}'\n";
  }
  std::fputs(text.c_str(), stdout);
  std::fflush(stdout);
}

// How programs of this machine reach it: one that listens everywhere has no address of its own.
std::string local_url(const Service& service, const ListenAddress& listen) {
  if (listen.host != "0.0.0.0" && listen.host != "::") return service.url();
  const std::string port = service.url().substr(service.url().rfind(':'));
  return "http://" + std::string(listen.host == "::" ? "[::1]" : "127.0.0.1") + port;
}

// Who has the port that we want, where that can be told.
Error with_owner(Error error, std::uint16_t port) {
  if (error.code != Code::kUnavailable) return error;
  const std::optional<engine::PortOwner> owner = engine::port_owner(port);
  if (!owner) return error;
  error.message += "; it is " + words_of(*owner);
  if (owner->program == "corral") error.message += ", so Corral runs already: see 'corral status'";
  return error;
}

// Lets commands find the service. One that cannot be found so is a service all the same.
std::optional<ServiceFile> announce(const Service& service, const Options& options) {
  std::error_code error;
  const std::string config = config_path(options.config);
  const std::filesystem::path path =
      config.empty() ? std::filesystem::path() : std::filesystem::absolute(config, error);
  Result<ServiceFile> file =
      ServiceFile::write(service.runtime_dir(), local_url(service, options.listen), path.string());
  if (file.has_value()) return std::move(*file);
  log_warn(file.error().message);
  return std::nullopt;
}

// The system's cleaning of temporary files may take it away from a service that runs for weeks.
io::Task<void> keep_announced(io::Loop& loop, const ServiceFile& file) {
  bool failed = false;
  while (true) {
    co_await io::sleep(loop, kLook);
    const Result<void> restored = file.restore();
    if (!restored.has_value() && !failed) log_warn(restored.error().message);
    failed = !restored.has_value();
  }
}

// One that cannot be told is a service all the same.
service::Notifier manager_to_notify() {
  const Result<service::Notifier> notifier = service::Notifier::from(environment);
  service::forget_notify_environment();
  if (notifier.has_value()) return *notifier;
  log_warn(notifier.error().message);
  return {};
}

io::Task<void> serve_until_stopped(io::Loop& loop, const Options& options, config::Config config,
                                   const service::Notifier& manager, int& status) {
  io::StopSignals signals(loop);
  const config::Config shown = config;
  Result<std::unique_ptr<Service>> service =
      Service::start(loop, std::move(config), options.listen);
  if (!service.has_value()) {
    status = failed(with_owner(service.error(), options.listen.port));
    co_return;
  }
  const std::optional<ServiceFile> file = announce(**service, options);
  io::Task<void> announced;
  if (file) {
    announced = keep_announced(loop, *file);
    announced.start();
  }
  print_greeting(**service, shown);
  std::string words = "serves at " + local_url(**service, options.listen);
  io::Task<void> notified = service::keep_notified(loop, manager, std::move(words));
  notified.start();
  co_await signals.first().wait();
  const Result<void> told = manager.send("STOPPING=1");
  if (!told.has_value()) log_warn(told.error().message);
  log_info("stopping: running requests may finish; a second signal ends them");
  io::Task<Result<void>> drain = (*service)->drain();
  io::Task<Result<void>> in_time =
      io::with_timeout(loop, kDrainLimit, std::move(drain), "the running requests took too long");
  const Result<void> drained = co_await io::until(loop, signals.second(), std::move(in_time));
  if (!drained.has_value()) {
    log_warn("ending what still runs: " + drained.error().message);
    co_await (*service)->stop_now();
  }
}

}  // namespace

int serve(const Options& options) {
  config::Reading reading = load_config(options.config);
  if (!reading.config.has_value()) return failed(reading);
  for (const std::string& warning : reading.warnings) log_warn(warning);
  const Result<void> allowed = may_listen(options.listen, *reading.config);
  if (!allowed.has_value() && !options.without_keys) {
    return failed({Code::kInvalid,
                   allowed.error().message + ", or say --without-keys if that is what you want"});
  }
  int status = 0;
  const service::Notifier manager = manager_to_notify();
  io::Loop loop;
  loop.run(serve_until_stopped(loop, options, std::move(*reading.config), manager, status));
  return status;
}

}  // namespace corral::cli
