// One client connection of the fake engine: reads a head, swallows a body, writes a reply.
//
// Blocking, one thread each. The body is never kept, so any size takes the same memory; what a
// reply depends on is looked for as the bytes pass.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace fake {

struct Request {
  std::string method;
  std::string path;  // without the query
  std::string head;  // all of it, as received
  bool keep_alive = true;
  uint64_t body_bytes = 0;  // after dechunking
  bool stream = false;      // the body said "stream": true
  bool include_usage = false;
  int64_t max_tokens = -1;  // -1: the body set no limit
  int64_t next_word = 0;  // behind the last "wordN" since a user spoke: a reply goes on from there
};

// Finds a piece of JSON in passing bytes, whatever the white space and wherever it is split.
class Needle {
 public:
  explicit constexpr Needle(std::string_view pattern) : pattern_(pattern) {}
  void feed(char c);
  bool found() const { return found_; }

 private:
  std::string_view pattern_;
  size_t at_ = 0;
  bool found_ = false;
};

// Finds the last whole number right behind a piece of text, in the same way.
class NumberBehind {
 public:
  explicit constexpr NumberBehind(std::string_view pattern) : pattern_(pattern), needle_(pattern) {}
  void feed(char c);
  int64_t last() const { return last_; }  // -1 if there is none

 private:
  std::string_view pattern_;
  Needle needle_;
  bool reading_ = false;
  int64_t number_ = -1;
  int64_t last_ = -1;
};

class Connection {
 public:
  // Owns `fd` from here on.
  explicit Connection(int fd) : fd_(fd) {}
  ~Connection();
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  // The next request's head, or nothing when the client is gone or sent nonsense.
  std::optional<Request> read_head();

  // Reads the body that `request`'s head announces and fills in what it says. False if the
  // client left before the end of it.
  bool read_body(Request& request);

  // Writes all of `bytes`. False if the client is gone.
  bool write(std::string_view bytes);

  // A whole reply with a length. `extra` is further header lines, each with its CRLF.
  bool reply(int status, std::string_view type, std::string_view body, std::string_view extra = "");

  // One chunk of a chunked reply; an empty one ends it.
  bool write_chunk(std::string_view bytes);

  // Waits, but no longer than the client stays. False as soon as it has closed.
  bool wait(std::chrono::nanoseconds time);

 private:
  bool fill();  // reads more into buffer_; false at the end
  std::optional<std::string> read_line();
  bool swallow(uint64_t bytes, Request& request);
  void look_at(std::string_view bytes);
  bool swallow_chunks(Request& request);

  int fd_;
  std::string buffer_;  // received, not used yet
  Needle stream_{R"("stream":true)"};
  Needle include_usage_{R"("include_usage":true)"};
  NumberBehind max_tokens_{R"("max_tokens":)"};
  NumberBehind word_{"word"};
  Needle user_{R"("role":"user")"};
};

}  // namespace fake
