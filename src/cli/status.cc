// status: all that a running service tells of its models.
#include <cstdio>
#include <nlohmann/json.hpp>

#include "base/strings.h"
#include "cli/commands.h"
#include "cli/json_fields.h"
#include "cli/service_work.h"
#include "cli/status_text.h"

namespace corral::cli {
namespace {

using Json = nlohmann::ordered_json;

io::Task<Result<void>> show_status(ServiceClient& service, const Options& options) {
  std::string method = "GET";
  std::string path =
      "/api/status" + (options.model.empty() ? "" : "?model=" + percent_encode(options.model));
  const Result<std::string> body = co_await service.fetch(std::move(method), std::move(path));
  if (!body.has_value()) co_return std::unexpected(body.error());
  const Json json = Json::parse(*body, nullptr, false);
  if (!json.is_object() || !json.contains("models") || !json["models"].is_array()) {
    co_return std::unexpected(service.foreign());
  }
  if (options.json) {
    std::printf("%s\n", json.dump(2, ' ', false, Json::error_handler_t::replace).c_str());
    co_return Result<void>{};
  }
  const bool suspended = is_true(nlohmann::json(json), "suspended");
  if (options.model.empty() || suspended) {
    std::printf("Corral at %s%s\n\n", service.url().c_str(), suspended ? kSuspended : "");
  }
  for (const Json& model : json["models"]) {
    std::fputs(status_text(nlohmann::json(model)).c_str(), stdout);
  }
  co_return Result<void>{};
}

}  // namespace

int status(const Options& options) { return run_work(options, show_status); }

}  // namespace corral::cli
