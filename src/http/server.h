// Server: accepts connections and hands every request to one handler as an Exchange.
//
// The Server owns its connections, and a connection owns the handler's task while it runs. A client
// that leaves does not cancel the handler by force: its reads and writes fail, and `client_gone()`
// is set, for a handler that waits for something else. One sweep for all connections watches the
// time limits (so a limit is kept to about a second) and ends the wait that is overdue: the
// handler's call returns kTimeout.
//
// Loop thread only.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <list>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "base/result.h"
#include "http/message.h"
#include "io/listener.h"

namespace corral::http {

class Connection;

// One request and its reply. It lives as long as its handler runs. One task may read the request's
// body while another sends the reply, not more.
class Exchange {
 public:
  explicit Exchange(Connection& connection);
  Exchange(const Exchange&) = delete;
  Exchange& operator=(const Exchange&) = delete;

  // Its views are valid for the exchange's whole life.
  const RequestHead& request() const;

  // The next decoded piece of the request's body, valid until the next call; empty at its end. All
  // that one read of the socket brought comes as one piece. Where the client waits for
  // "100 Continue", the first call sends it. kClosed if the client left in the middle, kInvalid if
  // its chunks are malformed, kTimeout if nothing came for too long.
  io::Task<Result<std::string_view>> read_body();
  // The whole body has been read; the next read_body() is empty.
  bool body_done() const;

  // A header for the reply, however it will be begun. Requires: not begun; both can stand in a
  // head.
  void add_header(std::string_view name, std::string_view value);

  // A whole reply in one write. Content-Length is added; a HEAD request gets the head alone.
  io::Task<Result<void>> reply(int status, std::span<const Header> headers, std::string_view body);

  // Begins a reply of one's own framing. The head leaves with the first send, flush or end, in the
  // same write. kNone means an empty body. An HTTP/1.0 client gets kChunked as kUntilClose. The
  // headers are copied; see is_connection_header for those that are left out. kInvalid if a name or
  // value could not stand in a head.
  io::Task<Result<void>> begin(int status, std::span<const Header> headers, Framing framing,
                               std::uint64_t length = 0);
  // Sends a piece of the body with one write; an empty piece does nothing. Requires: begun, and
  // with kLength no more than the length in all.
  io::Task<Result<void>> send(std::string_view piece);
  // Sends the head if it has not left yet.
  io::Task<Result<void>> flush();
  // Sends `last` and the body's end with one write. With kLength and bytes still missing the
  // exchange is aborted and kInternal returned.
  io::Task<Result<void>> end(std::string_view last = {});

  bool begun() const { return begun_; }
  bool ended() const { return ended_; }
  int status() const { return status_; }
  std::uint64_t body_bytes_sent() const { return sent_; }

  // What has begun is a stream of server-sent events.
  bool sends_events() const;
  // The client's IP address, empty when it has gone. One system call.
  std::string client_address() const;

  // The connection will be closed without a well-formed end of the reply.
  void abort();
  // Set when the client has closed its connection, half or whole, or it failed. Not noticed while
  // 64 KiB of body that nobody reads fill the read-ahead.
  io::Event& client_gone();

 private:
  friend class Connection;
  io::Task<Result<void>> write_out(std::string_view piece, bool last);

  Connection& connection_;
  bool continue_due_ = false;  // the client waits for 100 Continue
  bool body_failed_ = false;   // it is malformed, or came to no end
  bool keep_alive_ = false;    // of the reply that has begun
  bool has_body_ = false;      // bytes of a body go out (not for HEAD, 204, 304)
  bool begun_ = false;
  bool head_due_ = false;  // begun, and the head has not left
  bool ended_ = false;
  bool broken_ = false;  // aborted, or a write failed
  Framing framing_ = Framing::kNone;
  int status_ = 0;
  std::uint64_t length_ = 0;
  std::uint64_t sent_ = 0;
  std::string more_headers_;
  std::array<char, 20> size_line_;
};

// Called once a request; the Exchange outlives the task. The function object lives in the Server,
// but a lambda here must not itself be a coroutine that captures: let it call one.
using Handler = std::function<io::Task<void>(Exchange&)>;

// Makes the JSON body of a refusal that no handler sees (a malformed head, say).
using ErrorBody = std::function<std::string(int status, std::string_view message)>;

struct ServerLimits {
  std::size_t head_bytes = 64 * 1024;
  Duration head_time = seconds(30);         // from the first byte of a head to its last
  Duration idle_time = seconds(75);         // between requests
  Duration idle_time_full = seconds(1);     // the same while others wait; not before the first
  Duration body_idle = seconds(60);         // for the next bytes of a body that a handler reads
  Duration write_stall = seconds(60);       // for the kernel to take what is written
  Duration linger_time = seconds(1);        // for a client to read a refusal before the close
  std::uint64_t dropped_body = 256 * 1024;  // of an unread request body, before the close
  // More wait in the listener; while it is so full, replies carry Connection: close, so that those
  // who are idle do not keep out those who wait.
  std::size_t connections = 4096;
};

class Server {
 public:
  Server(io::Loop& loop, io::Listener listener, ServerLimits limits, Handler handler,
         ErrorBody error_body);
  // Closes all connections; their handlers are cancelled. Not from inside a handler.
  ~Server();
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  // Accepts until drain(). A failed accept (no file descriptor left, say) is logged and tried again
  // a second later. Called once.
  io::Task<void> run();

  // No new connections; idle ones close at once; replies carry Connection: close. May be called
  // from a handler.
  void drain();
  // Returns when no connection is left. Requires: drain() has been called.
  io::Task<void> drained();

  std::uint16_t port() const { return port_; }
  std::size_t connections() const { return connections_.size(); }

 private:
  friend class Connection;
  friend class Exchange;
  io::Task<void> accept_all();
  io::Task<void> keep_house();
  void add(io::Stream stream);
  void finished(Connection& connection);
  bool full() const { return !room_.is_set(); }
  Instant deadline(Duration limit) const;

  io::Loop& loop_;
  const ServerLimits limits_;
  const Handler handler_;
  const ErrorBody error_body_;
  const Duration sweep_interval_;
  std::uint16_t port_;
  std::unique_ptr<io::Listener> listener_;
  bool draining_ = false;
  Instant swept_;  // when the last sweep was; deadlines count from it
  io::Event drain_asked_;
  io::Event room_;                                // set while another connection may be accepted
  io::Event empty_;                               // set while there is none
  io::Event house_work_;                          // set when a connection has come or has ended
  std::list<std::unique_ptr<Connection>> ended_;  // to be freed by keep_house
  std::list<std::unique_ptr<Connection>> connections_;
  io::Task<void> house_keeping_;
};

}  // namespace corral::http
