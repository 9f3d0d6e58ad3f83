#include "service/systemd_manager.h"

#include <algorithm>

#include "base/strings.h"
#include "service/definition_file.h"
#include "service/systemd_unit.h"

namespace corral::service {
namespace {

// A stop takes up to TimeoutStopSec, a restart a start besides.
constexpr Duration kToolLimit = seconds(200);

constexpr std::string_view kProperties =
    "LoadState,ActiveState,SubState,MainPID,NRestarts,ExecMainStatus,Result,NeedDaemonReload";

constexpr std::string_view kSeeLog =
    "`corral service logs` shows why, `corral service status` what there is";

std::string property(std::string_view shown, std::string_view name) {
  for (const std::string_view line : split(shown, '\n')) {
    if (line.starts_with(name) && line.substr(name.size()).starts_with('=')) {
      return std::string(trim(line.substr(name.size() + 1)));
    }
  }
  return {};
}

}  // namespace

State read_systemd_state(std::string_view shown) {
  const std::string load = property(shown, "LoadState");
  const std::string active = property(shown, "ActiveState");
  const std::string sub = property(shown, "SubState");
  const std::string result = property(shown, "Result");
  State state;
  state.loaded = load == "loaded";
  state.running = active == "active" || active == "activating" || active == "reloading";
  // One that waits for its next start has failed, too.
  state.failed = active == "failed" || sub == "auto-restart";
  if (state.failed) state.running = false;
  state.stale = property(shown, "NeedDaemonReload") == "yes";
  state.pid = static_cast<int>(
      std::min<std::uint64_t>(parse_u64(property(shown, "MainPID")).value_or(0), INT32_MAX));
  state.starts_again = parse_u64(property(shown, "NRestarts")).value_or(0);
  state.words = active + " (" + sub + ")";
  if (!state.loaded) state.words = load.empty() ? "unknown" : load;
  if (state.failed) {
    state.words += ", " + result + ", status " + property(shown, "ExecMainStatus");
  }
  return state;
}

SystemdManager::SystemdManager(io::Loop& loop, const std::string& config_home,
                               std::vector<std::string> environment)
    : loop_(loop),
      unit_(std::string(kLabel) + ".service"),
      file_(config_home + "/systemd/user/" + unit_),
      environment_(std::move(environment)) {}

void SystemdManager::complete(Definition& definition) const {
  definition.label = kLabel;
  definition.log.clear();  // the journal has it
}

Result<std::string> SystemdManager::text(const Definition& definition) const {
  return systemd_unit(definition);
}

std::vector<std::string> SystemdManager::log_command(bool follow) const {
  std::vector<std::string> words = {"journalctl", "--user", "-u", unit_, "-n", "200"};
  words.emplace_back(follow ? "-f" : "--no-pager");
  return words;
}

std::string_view SystemdManager::promise() const {
  return "It starts whenever you log in; `loginctl enable-linger` has it run without that.";
}

io::Task<Result<ToolResult>> SystemdManager::systemctl(std::vector<std::string> words) {
  const std::vector<std::string> first = {"systemctl", "--user", "--no-pager", "--no-ask-password"};
  words.insert(words.begin(), first.begin(), first.end());
  std::vector<std::string> environment = environment_;
  Result<ToolResult> result =
      co_await run_tool(loop_, std::move(words), std::move(environment), kToolLimit);
  if (!result.has_value() && result.error().code == Code::kNotFound) {
    co_return fail(Code::kUnavailable,
                   "there is no systemctl on PATH, so no systemd on this machine; on a Mac it is "
                   "--manager launchd");
  }
  if (result.has_value() && result->status != 0 &&
      result->err.find("Failed to connect to bus") != std::string::npos) {
    co_return std::unexpected(tool_failure(
        "asking your systemd", "systemctl", *result,
        "it runs for whoever is logged in, not in a container or a shell of `su`: log in, or let "
        "it run always by `loginctl enable-linger`, and see that XDG_RUNTIME_DIR is set"));
  }
  co_return result;
}

io::Task<Result<void>> SystemdManager::step(std::string what, std::vector<std::string> words) {
  const Result<ToolResult> result = co_await systemctl(std::move(words));
  if (!result.has_value()) co_return std::unexpected(result.error());
  if (result->status == 0) co_return Result<void>{};
  co_return std::unexpected(tool_failure(what, "systemctl", *result, kSeeLog));
}

io::Task<Result<void>> SystemdManager::reload() {
  std::string what = "having systemd read " + file_;
  std::vector<std::string> read = {"daemon-reload"};
  const Result<void> done = co_await step(std::move(what), std::move(read));
  if (!done.has_value()) co_return done;
  // Of a unit that has not failed, or is unknown, there is nothing to forget.
  std::vector<std::string> forget = {"reset-failed", unit_};
  const Result<ToolResult> result = co_await systemctl(std::move(forget));
  if (!result.has_value()) co_return std::unexpected(result.error());
  co_return Result<void>{};
}

io::Task<Result<void>> SystemdManager::run(std::string verb) {
  const Result<void> there = check_installed(file_);
  if (!there.has_value()) co_return there;
  const Result<void> read = co_await reload();
  if (!read.has_value()) co_return read;
  std::string what = verb + "ing " + unit_;
  std::vector<std::string> words = {std::move(verb), unit_};
  Result<void> done = co_await step(std::move(what), std::move(words));
  co_return done;
}

io::Task<Result<void>> SystemdManager::install(std::string text) {
  // Also where there is no systemd: then nothing is written.
  const Result<State> before = co_await state();
  if (!before.has_value()) co_return std::unexpected(before.error());
  const bool changed = !holds(file_, text);
  const Result<void> written = write_file(file_, text);
  if (!written.has_value()) co_return written;
  const Result<void> read = co_await reload();
  if (!read.has_value()) co_return read;
  std::string enabling = "enabling and starting " + unit_;
  std::vector<std::string> enable = {"enable", "--now", unit_};
  const Result<void> enabled = co_await step(std::move(enabling), std::move(enable));
  if (!enabled.has_value()) co_return enabled;
  const bool runs_the_old = before->running && (changed || before->stale);
  if (!runs_the_old) co_return Result<void>{};
  std::string restarting = "restarting " + unit_;
  std::vector<std::string> restart = {"restart", unit_};
  Result<void> done = co_await step(std::move(restarting), std::move(restart));
  co_return done;
}

io::Task<Result<void>> SystemdManager::uninstall() {
  const Result<State> before = co_await state();
  if (!before.has_value()) co_return std::unexpected(before.error());
  if (!before->installed && !before->loaded) co_return Result<void>{};
  std::string what = "stopping and disabling " + unit_;
  // Of a file that is gone systemd can disable nothing.
  std::vector<std::string> words = {"stop", unit_};
  if (before->installed) words = {"disable", "--now", unit_};
  const Result<void> disabled = co_await step(std::move(what), std::move(words));
  if (!disabled.has_value()) co_return disabled;
  const Result<void> removed = remove_file(file_);
  if (!removed.has_value()) co_return removed;
  Result<void> done = co_await reload();
  co_return done;
}

io::Task<Result<void>> SystemdManager::start() {
  std::string verb = "start";
  Result<void> done = co_await run(std::move(verb));
  co_return done;
}

io::Task<Result<void>> SystemdManager::restart() {
  std::string verb = "restart";
  Result<void> done = co_await run(std::move(verb));
  co_return done;
}

io::Task<Result<void>> SystemdManager::stop() {
  const Result<State> before = co_await state();
  if (!before.has_value()) co_return std::unexpected(before.error());
  if (!before->loaded) co_return Result<void>{};
  std::string what = "stopping " + unit_;
  std::vector<std::string> words = {"stop", unit_};
  Result<void> done = co_await step(std::move(what), std::move(words));
  co_return done;
}

io::Task<Result<State>> SystemdManager::state() {
  std::vector<std::string> words = {"show", "-p", std::string(kProperties), unit_};
  const Result<ToolResult> result = co_await systemctl(std::move(words));
  if (!result.has_value()) co_return std::unexpected(result.error());
  if (result->status != 0) {
    co_return std::unexpected(
        tool_failure("asking systemd for " + unit_, "systemctl", *result, kSeeLog));
  }
  State state = read_systemd_state(result->out);
  state.installed = exists(file_);
  co_return state;
}

}  // namespace corral::service
