// EventHub: tells whoever listens at /api/events what changes, in llama-swap's framing.
//
// While nobody listens it does nothing. While somebody does, it is told of each change of an
// engine's state at once, and looks every 100 ms for what else has changed: progress, memory,
// queues, the bytes of replies, the log. Each listener has a queue of its own in bounded memory and
// follows the logs by offset, so that a slow one holds up nobody. Loop thread only.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "gateway/event_queue.h"
#include "gateway/inflight.h"
#include "gateway/logs.h"
#include "gateway/model_status.h"

namespace corral::gateway {

class EventHub {
 public:
  // All outlive it.
  EventHub(io::Loop& loop, Conductor& conductor, Logs& logs, const ModelStatus& status,
           Inflight& inflight);
  // Requires: nobody listens.
  ~EventHub();
  EventHub(const EventHub&) = delete;
  EventHub& operator=(const EventHub&) = delete;

  // One who listens, from its first event to its end. It lives in the frame of its route.
  class Listener : public io::Link {
   public:
    explicit Listener(EventHub& hub);
    ~Listener();

    // All that there is: the logs' history, the models, the status of each, requests in flight.
    std::string greeting();
    // Set when take() has something.
    io::Event& news() { return news_; }
    std::string take();

   private:
    friend class EventHub;
    struct Follower {
      const char* source;
      io::LogRing& ring;
      std::uint64_t offset;
    };
    std::string log_frame(Follower& follower);

    EventHub& hub_;
    io::Event news_;
    EventQueue queue_;
    Follower followers_[2];
  };

 private:
  // What listeners know of a model.
  struct Known;

  void begin();
  void end();
  io::Task<void> look_around();
  void look();
  void tell_model(ModelIndex model, bool states_too);
  void tell_request(Inflight::Entry& entry, bool over);
  void tell_bytes();
  template <class Tell>
  void each_listener(Tell tell);
  std::string models_frame() const;
  std::string status_frame(ModelIndex model) const;
  std::string requests_frame() const;
  Known known_of(ModelIndex model) const;

  io::Loop& loop_;
  Conductor& conductor_;
  Logs& logs_;
  const ModelStatus& status_;
  Inflight& inflight_;
  io::Link listeners_;
  io::Event listened_;  // set while there is a listener
  std::vector<Known> known_;
  std::uint64_t known_logs_[2] = {0, 0};
  Instant bytes_due_{};
  io::Task<void> looking_;
};

}  // namespace corral::gateway
