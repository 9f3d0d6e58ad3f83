// Reads one HTTP/1.1 message after another from a connection, requests and replies alike, as much
// as the benchmark's own peers and the proxies between them write: a head, then a body by length,
// by chunks or to the end. Nothing is kept of the body; it is handed on piece by piece.
//
// Not a parser for strangers: what it does not expect it calls broken.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

namespace bench {

class MessageReader {
 public:
  enum class State {
    kHead,
    kLength,
    kChunkSize,
    kChunk,
    kChunkEnd,
    kTrailer,
    kToEnd,
    kDone,
    kBroken
  };
  using OnBody = std::function<void(std::string_view)>;

  // A reply without a length lasts until the connection ends; a request without one has no body.
  MessageReader(bool is_reply, OnBody on_body)
      : is_reply_(is_reply), on_body_(std::move(on_body)) {}

  // Reads on until the message's end or that of `bytes`; returns how many it took.
  std::size_t feed(std::string_view bytes);

  // The connection ended. Whether that was a proper end of a message under way.
  bool end() const { return state_ == State::kToEnd; }

  bool done() const { return state_ == State::kDone; }
  bool broken() const { return state_ == State::kBroken; }
  bool has_head() const { return state_ != State::kHead; }

  // Of the head, once it is here. Valid until reset().
  std::string_view head() const { return head_; }
  int status() const;  // of a reply
  std::string_view header(std::string_view name) const;

  // Ready for the next message.
  void reset();

 private:
  std::size_t head_bytes(std::string_view bytes);
  std::size_t line_bytes(std::string_view bytes);
  std::size_t body_bytes(std::string_view bytes);
  void begin_body();
  void take_line();

  bool is_reply_;
  OnBody on_body_;
  State state_ = State::kHead;
  std::string head_;
  std::string line_;
  std::uint64_t left_ = 0;
};

}  // namespace bench
