#include "gateway/events.h"

#include <nlohmann/json.hpp>

#include "gateway/own_reply.h"

namespace corral::gateway {
namespace {

using Json = nlohmann::ordered_json;

constexpr Duration kPause = milliseconds(100);
constexpr Duration kBytesPause = milliseconds(250);

}  // namespace

struct EventHub::Known {
  engine::State state{};
  engine::Health health{};
  double progress = 0;
  std::string stage{};
  int pid = 0;
  std::uint64_t restarts = 0;
  std::uint64_t memory_bytes = 0;
  std::optional<engine::StopReason> stop_reason{};
  engine::WallTime last_error{};
  engine::WallTime last_exit{};
  std::optional<Instant> retry_at{};
  std::size_t in_flight = 0;
  std::size_t waiting = 0;
  bool operator==(const Known&) const = default;
};

EventHub::EventHub(io::Loop& loop, Conductor& conductor, Logs& logs, const ModelStatus& status,
                   Inflight& inflight)
    : loop_(loop),
      conductor_(conductor),
      logs_(logs),
      status_(status),
      inflight_(inflight),
      listened_(loop),
      looking_(look_around()) {
  looking_.start();
}

EventHub::~EventHub() {
  CHECK(!listeners_.linked());
  looking_.cancel();
}

EventHub::Known EventHub::known_of(ModelIndex model) const {
  const engine::Status& status = conductor_.engine(model).status();
  return {.state = status.state,
          .health = status.health,
          .progress = status.progress,
          .stage = status.stage,
          .pid = status.pid,
          .restarts = status.restarts,
          .memory_bytes = status.memory_bytes,
          .stop_reason = status.stop_reason,
          .last_error = status.last_error ? status.last_error->at : engine::WallTime{},
          .last_exit = status.last_exit ? status.last_exit->at : engine::WallTime{},
          .retry_at = conductor_.retry_at(model),
          .in_flight = conductor_.in_flight(model),
          .waiting = conductor_.waiting(model)};
}

// The first listener has come.
void EventHub::begin() {
  known_.clear();
  for (ModelIndex i = 0; i < status_.size(); ++i) known_.push_back(known_of(i));
  known_logs_[0] = logs_.gateway().end();
  known_logs_[1] = logs_.engines().end();
  conductor_.observe([this](ModelIndex model) {
    const engine::Status& status = conductor_.engine(model).status();
    const Known& known = known_[model];
    if (status.state != known.state || status.health != known.health) tell_model(model, true);
  });
  inflight_.watch([this](Inflight::Entry& entry, bool over) { tell_request(entry, over); });
  listened_.set();
}

// The last listener has gone.
void EventHub::end() {
  conductor_.observe(nullptr);
  inflight_.watch(nullptr);
  listened_.clear();
}

io::Task<void> EventHub::look_around() {
  while (true) {
    co_await listened_.wait();
    co_await io::sleep(loop_, kPause);
    if (listened_.is_set()) look();
  }
}

void EventHub::look() {
  for (ModelIndex i = 0; i < known_.size(); ++i) {
    if (known_of(i) != known_[i]) tell_model(i, false);
  }
  if (loop_.now() >= bytes_due_) tell_bytes();
  const std::uint64_t logs[2] = {logs_.gateway().end(), logs_.engines().end()};
  if (logs[0] == known_logs_[0] && logs[1] == known_logs_[1]) return;
  known_logs_[0] = logs[0];
  known_logs_[1] = logs[1];
  each_listener([](EventQueue&) {});
}

template <class Tell>
void EventHub::each_listener(Tell tell) {
  for (io::Link* link = listeners_.next(); link != &listeners_; link = link->next()) {
    auto& listener = static_cast<Listener&>(*link);
    tell(listener.queue_);
    listener.news_.set();
  }
}

void EventHub::tell_model(ModelIndex model, bool states_too) {
  known_[model] = known_of(model);
  const std::string models = states_too ? models_frame() : "";
  const std::string status = status_frame(model);
  each_listener([&](EventQueue& queue) {
    if (states_too) queue.push_models(models);
    queue.push_status(model, status);
  });
}

void EventHub::tell_request(Inflight::Entry& entry, bool over) {
  Json json = {{"operation", over ? "remove" : "upsert"}};
  if (over) {
    json["id"] = entry.id();
  } else {
    json["request"] = inflight_.object(entry);
  }
  const std::string frame = event_frame("inflight", json_text(json));
  each_listener([&](EventQueue& queue) { queue.push_requests(frame); });
}

void EventHub::tell_bytes() {
  bytes_due_ = loop_.now() + kBytesPause;
  inflight_.for_each([this](Inflight::Entry& entry) {
    if (entry.bytes() == entry.told_bytes) return;
    entry.told_bytes = entry.bytes();
    tell_request(entry, false);
  });
}

std::string EventHub::models_frame() const {
  return event_frame("modelStatus", json_text(status_.swap_list()));
}

std::string EventHub::status_frame(ModelIndex model) const {
  return event_frame("status", json_text(status_.object(model)));
}

std::string EventHub::requests_frame() const {
  const Json json = {{"operation", "snapshot"}, {"requests", inflight_.list()}};
  return event_frame("inflight", json_text(json));
}

EventHub::Listener::Listener(EventHub& hub)
    : hub_(hub),
      news_(hub.loop_),
      followers_{{"proxy", hub.logs_.gateway(), 0}, {"upstream", hub.logs_.engines(), 0}} {
  const bool first = !hub_.listeners_.linked();
  insert_before(hub_.listeners_);
  if (first) hub_.begin();
}

EventHub::Listener::~Listener() {
  unlink();
  if (!hub_.listeners_.linked()) hub_.end();
}

std::string EventHub::Listener::greeting() {
  std::string text;
  for (Follower& follower : followers_) {
    follower.offset = follower.ring.begin();
    text += log_frame(follower);
  }
  text += hub_.models_frame();
  for (ModelIndex i = 0; i < hub_.status_.size(); ++i) text += hub_.status_frame(i);
  text += hub_.requests_frame();
  return text;
}

std::string EventHub::Listener::take() {
  news_.clear();
  EventQueue::Behind behind;
  std::string text = queue_.take(behind);
  if (behind.models) text += hub_.models_frame();
  for (const ModelIndex model : behind.statuses) text += hub_.status_frame(model);
  if (behind.requests) text += hub_.requests_frame();
  for (Follower& follower : followers_) text += log_frame(follower);
  return text;
}

// What has come since. Where the ring has lost some of it, a marker says how much.
std::string EventHub::Listener::log_frame(Follower& follower) {
  std::string data = follower.ring.from(follower.offset);
  if (follower.ring.begin() > follower.offset) {
    const std::uint64_t line = data.find('\n') + 1;  // the first whole one; 0 if there is none
    const std::uint64_t lost = follower.ring.begin() - follower.offset + line;
    data.replace(0, line, "— " + std::to_string(lost) + " bytes dropped —\n");
  }
  follower.offset = follower.ring.end();
  if (data.empty()) return "";
  const Json json = {{"source", follower.source}, {"data", std::move(data)}};
  return event_frame("logData", json_text(json));
}

}  // namespace corral::gateway
