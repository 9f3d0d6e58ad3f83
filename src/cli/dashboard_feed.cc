#include "cli/dashboard_feed.h"

#include "io/race.h"

namespace corral::cli {
namespace {

constexpr Duration kPollPause = seconds(2);
constexpr Duration kRetryPause = seconds(1);
constexpr Duration kAnswerLimit = seconds(10);
// An event holds a whole log at most, every byte of it escaped.
constexpr std::size_t kLongestEvent = 8 * 1024 * 1024;

}  // namespace

Moment moment(const io::Loop& loop) {
  return {.now = loop.now(), .wall = std::chrono::system_clock::now()};
}

DashboardFeed::DashboardFeed(io::Loop& loop, const std::string& url, Dashboard& dashboard,
                             io::Event& changed)
    : loop_(loop), url_(url), dashboard_(dashboard), changed_(changed) {}

io::Task<void> DashboardFeed::follow() {
  while (true) {
    Result<ServiceClient> service = co_await ServiceClient::find(loop_, url_);
    if (service.has_value()) {
      const Result<void> over = co_await follow_once(*service);
      lost(over.has_value() ? Error{Code::kClosed, ""} : over.error());
    } else {
      lost(service.error());
    }
    co_await io::sleep(loop_, kRetryPause);
  }
}

void DashboardFeed::lost(const Error& error) {
  // What is wrong with the address or the key is for the person to mend; all else may pass.
  const bool tells = error.code == Code::kInvalid;
  dashboard_.lost(tells ? error.message
                        : "no service answers at " + dashboard_.url() + "; trying again");
  changed_.set();
}

io::Task<Result<void>> DashboardFeed::follow_once(ServiceClient& service) {
  service_url_ = service.url();
  reader_ = http::SseReader(kLongestEvent);
  foreign_ = false;
  io::Event gone(loop_);
  io::Task<void> asking = ask_again_and_again(service, gone);
  std::string method = "GET";
  std::string path = "/api/events";
  std::string body;
  std::function<bool(std::string_view)> on_bytes = [this](std::string_view bytes) {
    return take(bytes);
  };
  io::Task<Result<void>> streaming =
      service.stream(std::move(method), std::move(path), std::move(body), std::move(on_bytes));
  asking.start();
  Result<void> over = co_await io::until(loop_, gone, std::move(streaming));
  if (gone.is_set()) over = std::unexpected(refusal_);
  if (foreign_) over = std::unexpected(service.foreign());
  co_return over;
}

bool DashboardFeed::take(std::string_view bytes) {
  const Moment now = moment(loop_);
  const auto on_event = [&](std::string_view, std::string_view data) {
    if (!dashboard_.take_event(data, now)) {
      foreign_ = true;
    } else if (!foreign_ && !dashboard_.is_connected()) {
      dashboard_.connected(service_url_);
    }
  };
  if (!reader_.push(bytes, on_event).has_value()) foreign_ = true;
  changed_.set();
  return !foreign_;
}

io::Task<void> DashboardFeed::ask_again_and_again(ServiceClient& service, io::Event& gone) {
  while (true) {
    io::Task<Result<void>> asking = ask(service);
    std::string late = "the service does not answer";
    const Result<void> asked =
        co_await io::with_timeout(loop_, kAnswerLimit, std::move(asking), std::move(late));
    if (!asked.has_value()) {
      refusal_ = asked.error();
      break;
    }
    changed_.set();
    co_await io::sleep(loop_, kPollPause);
  }
  gone.set();
}

io::Task<Result<void>> DashboardFeed::ask(ServiceClient& service) {
  std::string get = "GET";
  std::string status_path = "/api/status";
  const Result<std::string> status = co_await service.fetch(std::move(get), std::move(status_path));
  if (!status.has_value()) co_return std::unexpected(status.error());
  if (dashboard_.is_connected()) dashboard_.take_status(*status, moment(loop_));
  std::string get_too = "GET";
  std::string metrics_path = "/metrics";
  const Result<std::string> metrics =
      co_await service.fetch(std::move(get_too), std::move(metrics_path));
  if (!metrics.has_value()) co_return std::unexpected(metrics.error());
  if (dashboard_.is_connected()) dashboard_.take_metrics(*metrics, loop_.now());
  co_return Result<void>{};
}

}  // namespace corral::cli
