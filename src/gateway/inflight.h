// Inflight: the requests for engines that are not over, so that a person can see and cancel them.
//
// An entry lives in its request's frame and is a place in a list: it allocates nothing and calls
// nothing, and what is told of it is put together only when somebody asks. Loop thread only.
#pragma once

#include <cstdint>
#include <functional>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>

#include "http/server.h"
#include "io/event.h"

namespace corral::gateway {

class Inflight {
 public:
  using Id = std::uint64_t;

  // One request, from its name to its end.
  class Entry : public io::Link {
   public:
    // All outlive it. `tokens` is how many of the reply have passed, as far as that is known.
    // `over` is set when the request is cancelled; it is the request's own end.
    Entry(Inflight& list, const http::Exchange& exchange, std::string_view model, Instant received,
          const std::uint64_t& tokens, io::Event& over);
    ~Entry();

    Id id() const { return id_; }
    bool cancelled() const { return cancelled_; }
    std::uint64_t bytes() const { return exchange_.body_bytes_sent(); }

    // For the watcher: the bytes that it has told of.
    std::uint64_t told_bytes = 0;

   private:
    friend class Inflight;
    Inflight& list_;
    const http::Exchange& exchange_;
    const std::string_view model_;
    const Instant received_;
    const std::uint64_t& tokens_;
    io::Event& over_;
    const Id id_;
    bool cancelled_ = false;
  };

  explicit Inflight(io::Loop& loop) : loop_(loop) {}
  // Requires: no request is left.
  ~Inflight() { CHECK(!entries_.linked()); }
  Inflight(const Inflight&) = delete;
  Inflight& operator=(const Inflight&) = delete;

  // Ends the request; its client is told. False if there is none of that number.
  bool cancel(Id id);

  // {id, timestamp, model, req_path, method, req_headers, remote_ip, resp_bytes, resp_tokens,
  // elapsed_ms}. The tokens are counted, about, while a stream of text passes, and 0 elsewhere.
  // Headers that hold secrets are left out, and so is what lies beyond kHeaderBytes.
  static constexpr std::size_t kHeaderBytes = 2048;
  nlohmann::ordered_json object(const Entry& entry) const;
  // All of them, oldest first.
  nlohmann::ordered_json list() const;

  void for_each(const std::function<void(Entry&)>& visit);

  // `watcher` is told of each that begins and, with `over`, of each that ends. One at a time;
  // nullptr: nobody.
  void watch(std::function<void(Entry&, bool over)> watcher) { watcher_ = std::move(watcher); }

 private:
  io::Loop& loop_;
  io::Link entries_;
  Id next_id_ = 1;
  std::function<void(Entry&, bool)> watcher_;
};

}  // namespace corral::gateway
