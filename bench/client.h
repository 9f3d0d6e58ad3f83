// One connection of the load generator: sends a request, reads the reply, counts how it went.
//
// It belongs to load.cc's loop, which tells it of its socket's events and begins its requests. A
// connection stays open from one request to the next, unless the server says or does otherwise.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "message.h"
#include "net.h"
#include "tally.h"

namespace bench {

class Client {
 public:
  Client(Poller& poller, int port);
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;

  // Sends `request`, which must outlive the reply. `stream`: the reply must end with [DONE]. The
  // tally gets the outcome. May end at once, when nobody listens.
  void begin(std::string_view request, bool stream, Tally& tally);

  // Its socket's events. A request may end here; busy() tells.
  void on_events(std::uint32_t events);

  bool busy() const { return busy_; }
  bool failed() const { return failed_; }        // how the last request ended
  bool has_event() const { return has_event_; }  // a stream's first event is here

 private:
  void send_on();
  void receive();
  void take_body(std::string_view piece);
  void take_line(std::string_view line);
  void end_of_reply();
  void lose_connection();
  void end(bool failed);
  void drop();

  Poller& poller_;
  int port_;
  Fd fd_;
  MessageReader reply_;
  Tally* tally_ = nullptr;  // of the request under way
  std::string_view unsent_;
  bool awaits_write_ = false;
  bool stream_ = false;
  bool busy_ = false;
  bool failed_ = false;
  bool has_event_ = false;
  bool done_seen_ = false;
  std::int64_t sent_ns_ = 0;
  std::int64_t arrived_ns_ = 0;  // when the bytes being looked at came
  std::string line_;             // of a stream, as far as it is here
};

}  // namespace bench
