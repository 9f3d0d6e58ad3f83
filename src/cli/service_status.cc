// service status: what works of an installed service.
#include <cstdio>
#include <utility>

#include "cli/commands.h"
#include "cli/config_source.h"
#include "cli/service_file.h"
#include "cli/service_report.h"
#include "cli/service_wait.h"
#include "engine/runtime_dir.h"

namespace corral::cli {
namespace {

// Where another Corral of this person answers.
io::Task<std::string> find_other(io::Loop& loop) {
  const std::optional<std::string> folder = engine::find_runtime_dir(environment);
  if (!folder) co_return std::string();
  const std::vector<std::string> urls = known_services(*folder);
  for (const std::string& url : urls) {
    const bool answers = co_await answers_at(loop, url);
    if (answers) co_return url;
  }
  co_return std::string();
}

io::Task<Result<void>> show(io::Loop& loop, service::Manager& manager, const Options& options,
                            int& status) {
  const Result<service::State> state = co_await manager.state();
  ServiceFacts facts{
      .manager = std::string(manager.name()), .file = manager.file(), .state = state};
  if (state.has_value()) {
    facts.url = service_url(*state);
    const bool answers = co_await answers_at(loop, facts.url);
    facts.answers = answers;
  }
  if (state.has_value() && !facts.answers) {
    std::string other = co_await find_other(loop);
    facts.other = std::move(other);
  }
  const ServiceReport report = report_of(facts);
  status = report.status;
  std::fputs((options.json ? report_json(report, facts) : report_text(report)).c_str(), stdout);
  co_return Result<void>{};
}

}  // namespace

int service_status(const Options& options) { return run_with_manager(options, show); }

}  // namespace corral::cli
