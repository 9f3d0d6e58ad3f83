// For the tests of this room: a server on a free loopback port, and a client that speaks raw bytes.
#pragma once

#include <array>
#include <string>
#include <utility>

#include "http/client.h"
#include "http/server.h"
#include "io/race.h"

namespace corral::http::testing {

class TestServer {
 public:
  TestServer(io::Loop& loop, Handler handler, ServerLimits limits = {})
      : server_(loop, *io::Listener::bind(loop, "127.0.0.1", 0), limits, std::move(handler),
                [](int status, std::string_view message) {
                  return "{\"error\":" + std::to_string(status) + ",\"message\":\"" +
                         std::string(message) + "\"}";
                }),
        running_(server_.run()) {
    running_.start();
  }

  Server& operator*() { return server_; }
  Server* operator->() { return &server_; }
  Address address() const { return Address{{}, "127.0.0.1", server_.port()}; }

 private:
  Server server_;
  io::Task<void> running_;
};

// A raw connection.
class Peer {
 public:
  explicit Peer(io::Stream stream) : stream_(std::move(stream)) {}

  static io::Task<Peer> connect(io::Loop& loop, std::uint16_t port) {
    Result<io::Stream> stream = co_await io::connect_tcp(loop, "127.0.0.1", port);
    CHECK(stream.has_value());
    co_return Peer(std::move(*stream));
  }

  io::Task<bool> write(std::string text) {
    const Result<void> written = co_await stream_.write(text);
    co_return written.has_value();
  }

  // All bytes up to and with `end`; fewer if the connection ends first.
  io::Task<std::string> read_past(std::string end) {
    while (true) {
      const std::size_t found = read_.find(end);
      if (found != std::string::npos) {
        std::string text = read_.substr(0, found + end.size());
        read_.erase(0, found + end.size());
        co_return text;
      }
      const bool more = co_await read_more();
      if (!more) co_return std::exchange(read_, {});
    }
  }

  io::Task<std::string> read_to_end() {
    while (true) {
      const bool more = co_await read_more();
      if (!more) co_return std::exchange(read_, {});
    }
  }

  io::Stream& stream() { return stream_; }

 private:
  io::Task<bool> read_more() {
    std::array<char, 4096> buffer;
    const Result<std::size_t> count = co_await stream_.read(buffer);
    if (!count.has_value() || *count == 0) co_return false;
    read_.append(buffer.data(), *count);
    co_return true;
  }

  io::Stream stream_;
  std::string read_;
};

// What a server answers to these bytes before it closes.
inline io::Task<std::string> converse(io::Loop& loop, std::uint16_t port, std::string raw) {
  Peer peer = co_await Peer::connect(loop, port);
  co_await peer.write(std::move(raw));
  std::string answer = co_await peer.read_to_end();
  co_return answer;
}

template <class Body>
void run(Body body) {
  io::Loop loop;
  loop.run(body(loop));
}

}  // namespace corral::http::testing
