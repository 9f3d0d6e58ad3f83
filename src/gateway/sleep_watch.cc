#include "gateway/sleep_watch.h"

#include <algorithm>

#include "base/log.h"
#include "io/time_asleep.h"

namespace corral::gateway {
namespace {

constexpr seconds kLook{5};
// logind waits five seconds for those who hold it up, unless it was told otherwise.
constexpr milliseconds kLongestDelay{4500};
constexpr seconds kFirstPause{1};
constexpr std::chrono::minutes kLongestPause{10};

constexpr std::string_view kLogind = "org.freedesktop.login1";

dbus::Message call_of_logind(std::string member) {
  dbus::Message call;
  call.destination = kLogind;
  call.path = "/org/freedesktop/login1";
  call.interface = "org.freedesktop.login1.Manager";
  call.member = std::move(member);
  return call;
}

bool is_sleep_signal(const dbus::Message& signal) {
  return signal.interface == "org.freedesktop.login1.Manager" && signal.member == "PrepareForSleep";
}

}  // namespace

SleepWatch::SleepWatch(io::Loop& loop, Conductor& conductor, config::OnSleep policy,
                       std::string bus_address)
    : loop_(loop),
      conductor_(conductor),
      policy_(policy),
      bus_address_(std::move(bus_address)),
      clock_(io::time_asleep()) {
  if (policy_ == config::OnSleep::kNothing) return;
  comparing_ = compare_clocks();
  comparing_.start();
  listening_ = listen();
  listening_.start();
}

SleepWatch::~SleepWatch() {
  comparing_.cancel();
  listening_.cancel();
}

io::Task<void> SleepWatch::compare_clocks() {
  while (true) {
    co_await io::sleep(loop_, kLook);
    if (clock_.has_slept(io::time_asleep())) {
      after_sleep();
    } else if (clock_.is_overdue(loop_.now())) {
      log_warn("the machine was about to sleep and has not for a minute: engines come back");
      clock_.wake(io::time_asleep());
      bring_back();
    }
  }
}

// Stays connected. What cannot be reached is tried again after a pause that doubles.
io::Task<void> SleepWatch::listen() {
  Duration pause = kFirstPause;
  bool told = policy_ != config::OnSleep::kStop;
  while (true) {
    heard_ = false;
    std::string address = bus_address_;
    Result<std::unique_ptr<dbus::Bus>> bus = co_await dbus::Bus::connect(loop_, std::move(address));
    Result<void> over;
    if (bus.has_value()) {
      over = co_await follow(**bus);
    } else {
      over = std::unexpected(bus.error());
    }
    if (heard_) pause = kFirstPause;
    log(told ? LogLevel::kDebug : LogLevel::kWarn,
        "engines cannot be stopped before the machine sleeps, only asked after, because there is "
        "no word of its sleep over the message bus: " +
            over.error().message);
    told = true;
    co_await io::sleep(loop_, pause);
    pause = std::min<Duration>(2 * pause, kLongestPause);
  }
}

io::Task<Result<void>> SleepWatch::follow(dbus::Bus& bus) {
  std::string rule =
      "type='signal',sender='org.freedesktop.login1',interface='org.freedesktop.login1.Manager',"
      "member='PrepareForSleep'";
  const Result<void> listens = co_await bus.listen(std::move(rule));
  if (!listens.has_value()) co_return listens;
  Result<Descriptor> lock = co_await hold_up(bus);
  if (!lock.has_value()) co_return std::unexpected(lock.error());
  heard_ = true;
  log(LogLevel::kDebug, "logind tells when the machine sleeps");
  while (true) {
    const Result<dbus::Message> signal = co_await bus.next_signal();
    if (!signal.has_value()) co_return std::unexpected(signal.error());
    const std::optional<bool> begins = dbus::BodyReader(*signal).truth();
    if (!is_sleep_signal(*signal) || !begins) continue;
    std::string logind(kLogind);
    const Result<std::string> owner = co_await bus.owner_of(std::move(logind));
    if (!owner.has_value() || *owner != signal->sender) continue;
    if (*begins) {
      co_await before_sleep();
      lock = Descriptor();
    } else {
      after_sleep();
      lock = co_await hold_up(bus);
      if (!lock.has_value()) co_return std::unexpected(lock.error());
    }
  }
}

// The machine waits with its sleep while this is open; it is not, and says nothing, where the
// policy needs no delay.
io::Task<Result<Descriptor>> SleepWatch::hold_up(dbus::Bus& bus) {
  if (policy_ != config::OnSleep::kStop) co_return Descriptor();
  dbus::Message call = call_of_logind("Inhibit");
  dbus::BodyWriter arguments;
  for (const std::string_view text : {"sleep", "Corral", "Models are unloaded first", "delay"}) {
    arguments.add(text);
  }
  arguments.put_into(call);
  Result<dbus::Reply> reply = co_await bus.call(std::move(call));
  if (!reply.has_value()) co_return std::unexpected(reply.error());
  if (reply->descriptors.empty())
    co_return fail(Code::kInvalid, "logind gave nothing to hold its sleep up with");
  co_return std::move(reply->descriptors.front());
}

io::Task<void> SleepWatch::before_sleep() {
  if (policy_ != config::OnSleep::kStop) co_return;
  log_info("the machine is about to sleep: all engines are stopped");
  suspended_ = true;
  clock_.announce(loop_.now());
  conductor_.suspend();
  const bool gone = co_await conductor_.none_runs(kLongestDelay);
  if (!gone) log_warn("the machine sleeps before all engines have stopped");
}

void SleepWatch::after_sleep() {
  const Duration total = clock_.wake(io::time_asleep());
  const auto slept = std::chrono::duration_cast<seconds>(total).count();
  log_info("the machine has slept" + (slept > 0 ? " for " + std::to_string(slept) + " s" : ""));
  bring_back();
}

void SleepWatch::bring_back() {
  if (std::exchange(suspended_, false)) conductor_.resume();
  conductor_.recheck();
}

}  // namespace corral::gateway
