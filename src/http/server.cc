#include "http/server.h"

#include <algorithm>

#include "base/log.h"
#include "http/connection.h"

namespace corral::http {
namespace {

// A second, or less where a limit is so short that a second would blur it.
Duration sweep_interval(const ServerLimits& limits) {
  const Duration shortest = std::min({limits.head_time, limits.idle_time, limits.idle_time_full,
                                      limits.body_idle, limits.write_stall});
  return std::clamp<Duration>(shortest / 4, milliseconds(1), seconds(1));
}

}  // namespace

Server::Server(io::Loop& loop, io::Listener listener, ServerLimits limits, Handler handler,
               ErrorBody error_body)
    : loop_(loop),
      limits_(limits),
      handler_(std::move(handler)),
      error_body_(std::move(error_body)),
      sweep_interval_(sweep_interval(limits)),
      port_(listener.port()),
      listener_(std::make_unique<io::Listener>(std::move(listener))),
      swept_(loop.now()),
      drain_asked_(loop),
      room_(loop),
      empty_(loop),
      house_work_(loop),
      house_keeping_(keep_house()) {
  room_.set();
  empty_.set();
  house_keeping_.start();
}

Server::~Server() = default;

io::Task<void> Server::run() {
  io::Task<void> accepting = accept_all();
  accepting.start();
  co_await drain_asked_.wait();
  accepting.cancel();
  listener_.reset();
}

io::Task<void> Server::accept_all() {
  while (true) {
    co_await room_.wait();
    Result<io::Stream> stream = co_await listener_->accept();
    if (stream.has_value()) {
      add(std::move(*stream));
      continue;
    }
    log_warn("a connection could not be accepted: " + stream.error().message);
    co_await io::sleep(loop_, seconds(1));
  }
}

void Server::add(io::Stream stream) {
  const auto place = connections_.insert(connections_.end(),
                                         std::make_unique<Connection>(*this, std::move(stream)));
  Connection& connection = **place;
  connection.place_ = place;
  empty_.clear();
  if (connections_.size() >= limits_.connections) room_.clear();
  if (connections_.size() == 1) {
    swept_ = loop_.now();
    house_work_.set();
  }
  connection.start();
}

// Called by the connection's own task, whose frame must outlive the call.
void Server::finished(Connection& connection) {
  ended_.splice(ended_.end(), connections_, connection.place_);
  house_work_.set();
}

io::Task<void> Server::keep_house() {
  while (true) {
    if (connections_.empty()) {
      co_await house_work_.wait();
    } else {
      co_await house_work_.wait_for(sweep_interval_);
    }
    house_work_.clear();
    ended_.clear();
    if (connections_.size() < limits_.connections) room_.set();
    if (connections_.empty()) empty_.set();
    const Instant now = loop_.now();
    if (now - swept_ < sweep_interval_) continue;
    swept_ = now;
    for (const std::unique_ptr<Connection>& connection : connections_) connection->sweep(now);
  }
}

// Counted from the last sweep, so that no clock is read for it: never early, and late by at most
// two intervals.
Instant Server::deadline(Duration limit) const { return swept_ + sweep_interval_ + limit; }

void Server::drain() {
  draining_ = true;
  drain_asked_.set();
  for (const std::unique_ptr<Connection>& connection : connections_) connection->close_if_idle();
}

io::Task<void> Server::drained() { co_await empty_.wait(); }

}  // namespace corral::http
