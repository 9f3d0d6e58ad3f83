// top: a live picture of the service in the terminal.
//
// A task keeps the dashboard true to the service, another takes keys, and the main one draws: when
// something has changed, at most twenty times a second, and once a second for ages. A picture is
// one write of what differs from the last one, and nothing at all where nothing does.
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <memory>

#include "base/strings.h"
#include "cli/commands.h"
#include "cli/config_source.h"
#include "cli/dashboard_actions.h"
#include "cli/dashboard_feed.h"
#include "cli/dashboard_view.h"
#include "cli/full_screen.h"
#include "cli/screen_diff.h"
#include "cli/service_work.h"
#include "io/race.h"
#include "io/signals.h"

namespace corral::cli {
namespace {

constexpr Duration kFrame = milliseconds(50);
constexpr Duration kTick = seconds(1);
constexpr Duration kEscapePause = milliseconds(50);

// Terminals are UTF-8 today; only where a person says otherwise is this one not.
bool is_ascii_only() {
  for (const char* name : {"LC_ALL", "LC_CTYPE", "LANG"}) {
    const std::string locale = to_lower(environment(name).value_or(""));
    if (locale.empty()) continue;
    return locale.find("utf-8") == std::string::npos && locale.find("utf8") == std::string::npos;
  }
  return false;
}

class Top {
 public:
  Top(io::Loop& loop, io::Terminal& terminal, const std::string& url, std::string shown_url)
      : loop_(loop),
        terminal_(terminal),
        dashboard_(std::move(shown_url)),
        changed_(loop),
        over_(loop),
        feed_(loop, url, dashboard_, changed_),
        actions_(loop, controls_, changed_),
        full_screen_(terminal) {
    for (const int number : {SIGINT, SIGTERM, SIGHUP, SIGQUIT}) watch(number, &Top::quit);
    watch(SIGWINCH, &Top::resized);
    watch(SIGTSTP, &Top::suspend);
    watch(SIGCONT, &Top::go_on);
  }

  io::Task<void> run() {
    io::Task<void> following = feed_.follow();
    io::Task<void> reading = take_keys();
    following.start();
    reading.start();
    io::Task<Result<void>> drawing = draw_again_and_again();
    const Result<void> ended = co_await io::until(loop_, over_, std::move(drawing));
    static_cast<void>(ended);  // it ends with a quit or with the terminal
  }

 private:
  void watch(int number, void (Top::*action)()) {
    signals_.push_back(
        std::make_unique<io::SignalWatch>(loop_, number, [this, action] { (this->*action)(); }));
  }

  void quit() { over_.set(); }

  void resized() { changed_.set(); }

  void redraw() {
    shown_.reset();
    changed_.set();
  }

  void suspend() {
    full_screen_.suspend();
    redraw();
  }

  void go_on() {
    full_screen_.enter();
    redraw();
  }

  io::Task<void> take_keys() {
    KeyReader reader;
    std::array<char, 256> buffer;
    while (true) {
      io::Task<Result<std::size_t>> reading = terminal_.stream().read(buffer);
      std::string late;
      const Duration limit = reader.unsure() ? kEscapePause : Duration(std::chrono::hours(1));
      const Result<std::size_t> count =
          co_await io::with_timeout(loop_, limit, std::move(reading), std::move(late));
      const bool settled = !count.has_value() && count.error().code == Code::kTimeout;
      if (!settled && (!count.has_value() || *count == 0)) break;
      const std::vector<Key> keys =
          settled ? reader.settle() : reader.push({buffer.data(), *count});
      for (const Key& key : keys) press(key);
    }
    quit();  // the terminal is gone
  }

  void press(Key key) {
    const std::optional<Order> order = controls_.press(key, dashboard_);
    changed_.set();
    if (!order) return;
    switch (order->kind) {
      case Order::Kind::kQuit: quit(); break;
      case Order::Kind::kRedraw: redraw(); break;
      default: actions_.begin(*order, dashboard_.url());
    }
  }

  io::Task<Result<void>> draw_again_and_again() {
    co_await changed_.wait_for(4 * kFrame);  // a service that is there answers sooner
    while (true) {
      changed_.clear();
      std::string frame = next_frame();
      if (!frame.empty()) {
        const Result<void> written = co_await terminal_.stream().write(frame);
        if (!written.has_value()) co_return written;
      }
      co_await io::sleep(loop_, kFrame);
      co_await changed_.wait_for(kTick - kFrame);
    }
  }

  std::string next_frame() {
    const Instant now = loop_.now();
    controls_.follow(dashboard_);
    controls_.forget_note(now);
    const io::TerminalSize size = terminal_.size();
    Screen screen =
        draw_dashboard(dashboard_, controls_, {.columns = size.columns, .rows = size.rows}, now);
    if (ascii_only_) screen.make_ascii();
    std::string frame = screen_diff(shown_, screen, colour_);
    shown_ = std::move(screen);
    return frame;
  }

  io::Loop& loop_;
  io::Terminal& terminal_;
  Dashboard dashboard_;
  DashboardControls controls_;
  io::Event changed_;
  io::Event over_;
  DashboardFeed feed_;
  DashboardActions actions_;
  FullScreen full_screen_;
  std::vector<std::unique_ptr<io::SignalWatch>> signals_;
  std::optional<Screen> shown_;  // nothing: the terminal shows what we do not know
  const bool colour_ = environment("NO_COLOR").value_or("").empty();
  const bool ascii_only_ = is_ascii_only();
};

io::Task<void> draw_live(io::Loop& loop, const Options& options, int& status) {
  const Result<ServiceClient> named = ServiceClient::make(loop, options.url);
  if (!named.has_value()) {
    status = failed(named.error());
    co_return;
  }
  Result<io::Terminal> terminal = io::Terminal::open(loop);
  if (!terminal.has_value()) {
    Error error = terminal.error();
    error.message = "top draws in a terminal, and " + error.message +
                    "; corral top --once prints "
                    "one picture as text";
    status = failed(error);
    co_return;
  }
  Top top(loop, *terminal, options.url, named->url());
  co_await top.run();
}

io::Task<Result<std::string>> get(ServiceClient& service, std::string path) {
  std::string method = "GET";
  Result<std::string> body = co_await service.fetch(std::move(method), std::move(path));
  co_return body;
}

int text_columns() {
  if (const std::optional<io::TerminalSize> size = io::size_of_stdout()) return size->columns;
  constexpr std::uint64_t kWide = 120;
  return static_cast<int>(parse_u64(environment("COLUMNS").value_or("")).value_or(kWide));
}

io::Task<Result<void>> print_once(ServiceClient& service, const Options&) {
  std::string path = "/api/status";
  const Result<std::string> status = co_await get(service, std::move(path));
  if (!status.has_value()) co_return std::unexpected(status.error());
  std::string requests_path = "/api/requests";
  const Result<std::string> requests = co_await get(service, std::move(requests_path));
  if (!requests.has_value()) co_return std::unexpected(requests.error());
  Dashboard dashboard(service.url());
  dashboard.connected(service.url());
  const Moment now = {.now = Clock::now(), .wall = std::chrono::system_clock::now()};
  const bool known =
      dashboard.take_status(*status, now) && dashboard.take_request_list(*requests, now);
  if (!known) co_return std::unexpected(service.foreign());
  std::fputs(dashboard_text(dashboard, text_columns(), now.now).c_str(), stdout);
  co_return Result<void>{};
}

}  // namespace

int top(const Options& options) {
  if (options.once) return run_work(options, print_once);
  const std::string kind = environment("TERM").value_or("");
  if (kind.empty() || kind == "dumb") {
    return failed(Error{Code::kInvalid,
                        "top draws all over the terminal, and TERM says that this one cannot move "
                        "its cursor; corral top --once prints one picture as text"});
  }
  int status = 0;
  io::Loop loop;
  loop.run(draw_live(loop, options, status));
  return status;
}

}  // namespace corral::cli
