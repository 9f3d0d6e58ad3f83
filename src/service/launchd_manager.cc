#include "service/launchd_manager.h"

#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <cstdio>

#include "base/strings.h"
#include "service/definition_file.h"
#include "service/launchd_plist.h"

namespace corral::service {
namespace {

constexpr Duration kToolLimit = seconds(30);
// ExitTimeOut of the job, and some for launchd.
constexpr Duration kGoneLimit = seconds(110);
constexpr Duration kBootstrapLimit = seconds(10);
constexpr Duration kPause = milliseconds(100);
constexpr off_t kLargeLog = 16 * 1024 * 1024;

// Statuses of launchctl.
constexpr int kNoSuchProcess = 3;
constexpr int kInputOutput = 5;
constexpr int kExists = 17;
constexpr int kPending = 36;
constexpr int kAlready = 37;
constexpr int kNotFound = 113;

constexpr std::string_view kAdvice =
    "log in at the Mac's own screen, see `launchctl print` of the service, and try again";

// The value of "KEY = value" on a line of its own, one tab deep; deeper ones belong to others.
std::string field(std::string_view printed, std::string_view key) {
  for (std::string_view line : split(printed, '\n')) {
    if (!line.starts_with('\t') || line.starts_with("\t\t")) continue;
    line.remove_prefix(1);
    if (line.starts_with(key) && line.substr(key.size()).starts_with(" = ")) {
      return std::string(trim(line.substr(key.size() + 3)));
    }
  }
  return {};
}

}  // namespace

State read_launchd_state(std::string_view printed) {
  State state;
  state.loaded = true;
  const std::string words = field(printed, "state");
  state.pid = static_cast<int>(
      std::min<std::uint64_t>(parse_u64(field(printed, "pid")).value_or(0), INT32_MAX));
  state.running = words == "running" || state.pid > 0;
  const std::uint64_t runs = parse_u64(field(printed, "runs")).value_or(0);
  state.starts_again = runs > 1 ? runs - 1 : 0;
  const std::string last = field(printed, "last exit code");
  const std::string cause = field(printed, "last terminating signal");
  const bool bad_end = (!last.empty() && last != "0" && last != "(never exited)") || !cause.empty();
  state.failed = !state.running && bad_end;
  state.words = words.empty() ? "loaded" : words;
  if (!state.running && !last.empty()) state.words += ", last exit code " + last;
  if (!state.running && !cause.empty()) state.words += ", last signal " + cause;
  return state;
}

LaunchdManager::LaunchdManager(io::Loop& loop, const std::string& home, unsigned uid,
                               std::vector<std::string> environment)
    : loop_(loop),
      file_(home + "/Library/LaunchAgents/" + std::string(kLabel) + ".plist"),
      log_(home + "/Library/Logs/Corral/corral.log"),
      domain_("gui/" + std::to_string(uid)),
      target_(domain_ + "/" + std::string(kLabel)),
      environment_(std::move(environment)) {}

void LaunchdManager::complete(Definition& definition) const {
  definition.label = kLabel;
  definition.log = log_;
}

Result<std::string> LaunchdManager::text(const Definition& definition) const {
  return launchd_plist(definition);
}

std::vector<std::string> LaunchdManager::log_command(bool follow) const {
  return {"tail", "-n", "200", follow ? "-F" : "-q", log_};
}

std::string_view LaunchdManager::promise() const { return "It starts whenever you log in."; }

io::Task<Result<ToolResult>> LaunchdManager::launchctl(std::vector<std::string> words) {
  words.insert(words.begin(), "launchctl");
  std::vector<std::string> environment = environment_;
  Result<ToolResult> result =
      co_await run_tool(loop_, std::move(words), std::move(environment), kToolLimit);
  if (!result.has_value() && result.error().code == Code::kNotFound) {
    co_return fail(Code::kUnavailable,
                   "there is no launchctl on PATH, so no launchd on this machine; on Linux it is "
                   "--manager systemd");
  }
  co_return result;
}

io::Task<Result<std::optional<std::string>>> LaunchdManager::print() {
  std::vector<std::string> words = {"print", target_};
  Result<ToolResult> result = co_await launchctl(std::move(words));
  if (!result.has_value()) co_return std::unexpected(result.error());
  if (result->status == 0) co_return std::optional(std::move(result->out));
  if (result->status == kNotFound || result->status == kNoSuchProcess) co_return std::nullopt;
  co_return std::unexpected(
      tool_failure("asking launchd for " + target_, "launchctl", *result, kAdvice));
}

io::Task<Result<bool>> LaunchdManager::loaded() {
  const Result<std::optional<std::string>> printed = co_await print();
  if (!printed.has_value()) co_return std::unexpected(printed.error());
  co_return printed->has_value();
}

io::Task<Result<void>> LaunchdManager::bootstrap() {
  const Instant deadline = loop_.now() + kBootstrapLimit;
  while (true) {
    std::vector<std::string> words = {"bootstrap", domain_, file_};
    const Result<ToolResult> result = co_await launchctl(std::move(words));
    if (!result.has_value()) co_return std::unexpected(result.error());
    const int status = result->status;
    if (status == 0 || status == kAlready || status == kExists) co_return Result<void>{};
    // Either an earlier job of that label is still on its way out, or this one is there.
    if (status == kInputOutput || status == kPending) {
      const Result<bool> known = co_await loaded();
      if (known.has_value() && *known) co_return Result<void>{};
      if (loop_.now() < deadline) {
        co_await io::sleep(loop_, kPause);
        continue;
      }
    }
    co_return std::unexpected(
        tool_failure("making " + file_ + " known to launchd", "launchctl", *result, kAdvice));
  }
}

// launchd never shortens a log. Before a start nobody writes to it.
void LaunchdManager::turn_log() const {
  struct stat found{};
  if (::stat(log_.c_str(), &found) != 0 || found.st_size < kLargeLog) return;
  if (std::rename(log_.c_str(), (log_ + ".old").c_str()) != 0) {
    // It grows on, and is turned at the next start.
  }
}

io::Task<Result<void>> LaunchdManager::load() {
  const Result<void> folder = make_folders(log_.substr(0, log_.rfind('/')));
  if (!folder.has_value()) co_return folder;
  std::vector<std::string> enable = {"enable", target_};
  const Result<ToolResult> enabled = co_await launchctl(std::move(enable));
  if (!enabled.has_value()) co_return std::unexpected(enabled.error());
  if (enabled->status != 0) {
    co_return std::unexpected(tool_failure("enabling " + target_, "launchctl", *enabled, kAdvice));
  }
  const Result<bool> known = co_await loaded();
  if (!known.has_value()) co_return std::unexpected(known.error());
  if (!*known) {
    turn_log();
    const Result<void> made = co_await bootstrap();
    if (!made.has_value()) co_return made;
  }
  // Without -k: one that runs is left alone.
  std::vector<std::string> kick = {"kickstart", target_};
  const Result<ToolResult> kicked = co_await launchctl(std::move(kick));
  if (!kicked.has_value()) co_return std::unexpected(kicked.error());
  if (kicked->status == 0 || kicked->status == kAlready) co_return Result<void>{};
  co_return std::unexpected(tool_failure("starting " + target_, "launchctl", *kicked, kAdvice));
}

io::Task<Result<void>> LaunchdManager::unload() {
  std::vector<std::string> words = {"bootout", target_};
  const Result<ToolResult> result = co_await launchctl(std::move(words));
  if (!result.has_value()) co_return std::unexpected(result.error());
  constexpr std::array kGood = {0, kPending, kNoSuchProcess, kNotFound};
  const Instant deadline = loop_.now() + kGoneLimit;
  while (true) {
    const Result<bool> known = co_await loaded();
    if (!known.has_value()) co_return std::unexpected(known.error());
    if (!*known) co_return Result<void>{};
    if (std::ranges::find(kGood, result->status) == kGood.end()) {
      co_return std::unexpected(tool_failure("stopping " + target_, "launchctl", *result, kAdvice));
    }
    if (loop_.now() >= deadline) {
      co_return fail(Code::kTimeout, "stopping " + target_ +
                                         ": launchd still has it; see `launchctl print " + target_ +
                                         "`, and try again");
    }
    co_await io::sleep(loop_, kPause);
  }
}

io::Task<Result<void>> LaunchdManager::install(std::string text) {
  const Result<bool> known = co_await loaded();
  if (!known.has_value()) co_return std::unexpected(known.error());
  // Before the file is replaced, so that a job that launchd knows is always that of the file.
  if (*known && !holds(file_, text)) {
    const Result<void> gone = co_await unload();
    if (!gone.has_value()) co_return gone;
  }
  const Result<void> written = write_file(file_, text);
  if (!written.has_value() && !*known) co_return written;
  // Where the new one could not be written, the old one goes on.
  Result<void> done = co_await load();
  co_return written.has_value() ? done : written;
}

io::Task<Result<void>> LaunchdManager::uninstall() {
  const Result<void> stopped = co_await stop();
  if (!stopped.has_value()) co_return stopped;
  co_return remove_file(file_);
}

io::Task<Result<void>> LaunchdManager::start() {
  const Result<void> there = check_installed(file_);
  if (!there.has_value()) co_return there;
  Result<void> done = co_await load();
  co_return done;
}

io::Task<Result<void>> LaunchdManager::restart() {
  const Result<void> there = check_installed(file_);
  if (!there.has_value()) co_return there;
  // Not kickstart -k, which kills: requests may end, and the file is read anew.
  const Result<void> stopped = co_await stop();
  if (!stopped.has_value()) co_return stopped;
  Result<void> done = co_await load();
  co_return done;
}

io::Task<Result<void>> LaunchdManager::stop() {
  const Result<bool> known = co_await loaded();
  if (!known.has_value()) co_return std::unexpected(known.error());
  if (!*known) co_return Result<void>{};
  Result<void> done = co_await unload();
  co_return done;
}

io::Task<Result<State>> LaunchdManager::state() {
  const Result<std::optional<std::string>> printed = co_await print();
  if (!printed.has_value()) co_return std::unexpected(printed.error());
  State state;
  state.words = "not loaded";
  if (printed->has_value()) state = read_launchd_state(**printed);
  state.installed = exists(file_);
  co_return state;
}

}  // namespace corral::service
