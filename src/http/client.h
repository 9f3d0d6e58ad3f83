// Client: requests to engines and peers over pooled connections. Call: one request and its reply.
//
// The pool keeps at most kIdlePerAddress connections an address, each at most kIdleTime (an engine
// closes an idle one after 5 s). A pooled connection that has closed, or on which bytes came that
// nobody asked for, is never used. It may still close in the instant in which it is used: then the
// call fails with kClosed while `reused()` and not `reply_begun()`, and trying again with
// `RequestSpec::fresh_connection` is safe.
//
// Loop thread only. The Client outlives its calls.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "http/message.h"
#include "io/stream.h"

namespace corral::http {

// Where a server listens. `unix_path` wins when it is set; `host` is an IP address or "localhost".
struct Address {
  std::string unix_path;
  std::string host;
  std::uint16_t port = 0;
  bool operator==(const Address&) const = default;
};

// The address and the views need to live until open() has returned. `Host` is added if it is
// absent; see is_connection_header for the headers that are left out.
struct RequestSpec {
  std::string_view method;
  std::string_view target;
  std::span<const Header> headers;
  Framing framing = Framing::kNone;  // kUntilClose is not for requests
  std::uint64_t length = 0;          // with kLength
  bool fresh_connection = false;     // not one from the pool
};

class Client;
struct Upstream;

// Move-only; not moved while one of its tasks runs. Dropping it before the reply's end closes the
// connection at once; after the end the connection goes back to the pool. One task may send while
// another reads: a server may answer before it has seen the whole request.
class Call {
 public:
  Call(Call&& other) noexcept;
  Call& operator=(Call&& other) noexcept;
  ~Call();

  // Sends a piece of the body with one write, the first together with the head; an empty piece does
  // nothing. Requires: with kLength no more than the length in all.
  io::Task<Result<void>> send(std::string_view piece);
  // Sends `last` and the request's end with one write. Also for a request without a body.
  io::Task<Result<void>> end_body(std::string_view last = {});

  // Waits for the reply's head without a limit of its own; interim replies (1xx) are skipped.
  // kClosed if the connection ends first, kInvalid if the head is malformed.
  io::Task<Result<void>> read_head();
  // Valid from then on until the call is gone.
  const ResponseHead& head() const;
  // The next decoded piece, valid until the next call; empty at a clean end. All complete and
  // partial chunks of one read come as one piece. kClosed when the reply is cut short.
  io::Task<Result<std::string_view>> read_body();
  // The whole body has been read; the next read_body() is empty.
  bool body_done() const;

  // The connection came from the pool.
  bool reused() const;
  // At least one byte of the reply has come.
  bool reply_begun() const;

 private:
  friend class Client;
  Call(Client& client, std::unique_ptr<Upstream> upstream);
  io::Task<Result<void>> write_out(std::string_view piece, bool last);
  void release();

  Client* client_;
  std::unique_ptr<Upstream> upstream_;
};

class Client {
 public:
  static constexpr std::size_t kIdlePerAddress = 64;
  static constexpr Duration kIdleTime = seconds(4);
  static constexpr Duration kConnectTime = seconds(10);

  explicit Client(io::Loop& loop);
  ~Client();
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;

  // A call on a pooled or a new connection. Nothing is sent yet: the head goes with the first piece
  // of the body or with end_body. kUnavailable if nobody listens, kTimeout after kConnectTime.
  io::Task<Result<Call>> open(const Address& address, RequestSpec spec);

  struct Reply {
    int status = 0;
    std::string content_type;
    std::string body;
  };
  // A whole small request and its reply. A pooled connection that turns out dead is replaced once.
  // kLimit if the reply's body is larger than `body_limit`.
  io::Task<Result<Reply>> fetch(Address address, std::string method, std::string target,
                                std::vector<std::pair<std::string, std::string>> headers,
                                std::string body, Duration timeout,
                                std::size_t body_limit = 16 * 1024 * 1024);

  // Drops the idle connections to that address.
  void forget(const Address& address);
  // Idle connections to that address.
  std::size_t idle(const Address& address) const;

 private:
  friend class Call;
  struct Pool;
  struct Fetch;
  std::unique_ptr<Upstream> take_idle(const Address& address);
  void put_back(std::unique_ptr<Upstream> upstream);
  void drop_old();
  io::Task<void> keep_house();
  io::Task<Result<Reply>> fetch_once(const Fetch& what, bool fresh, bool& retry);
  io::Task<Result<Reply>> fetch_retrying(const Fetch& what);

  io::Loop& loop_;
  std::vector<std::unique_ptr<Pool>> pools_;
  io::Event some_idle_;
  io::Task<void> house_keeping_;
};

}  // namespace corral::http
