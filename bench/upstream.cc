// upstream --port N: the engine of the traffic measures. It answers at once, so that what is
// measured is the way to it; one thread, epoll.
//
// GET /health            200, as an engine that is ready
// POST with no "stream"  a completion as JSON, once the whole body is here
// POST, "stream":true    "max_tokens" events, "rate" of them a second, each with the time of its
//                        writing; then usage and [DONE]
//
// The two numbers are read from the body's beginning. --parallel N is not used here: it tells a
// supervisor how many requests this engine can serve at once.
#include <array>
#include <charconv>
#include <memory>
#include <queue>
#include <string>
#include <unordered_map>
#include <vector>

#include "clock.h"
#include "flags.h"
#include "message.h"
#include "net.h"
#include "replies.h"

namespace {

using bench::Io;

constexpr std::size_t kKeptOfBody = 1024;

// The whole number behind "name": in `body`, or `otherwise`.
std::int64_t number_in(std::string_view body, std::string_view name, std::int64_t otherwise) {
  const std::string key = "\"" + std::string(name) + "\":";
  const std::size_t at = body.find(key);
  if (at == std::string_view::npos) return otherwise;
  const std::string_view rest =
      body.substr(std::min(body.find_first_not_of(' ', at + key.size()), body.size()));
  std::int64_t value = otherwise;
  std::from_chars(rest.data(), rest.data() + rest.size(), value);
  return value;
}

struct Connection {
  explicit Connection(bench::Fd accepted)
      : fd(std::move(accepted)), request(false, [this](std::string_view piece) {
          if (body.size() < kKeptOfBody) body.append(piece.substr(0, kKeptOfBody));
        }) {}

  bench::Fd fd;
  bench::MessageReader request;
  std::string body;     // its beginning
  std::string waiting;  // bytes that the socket did not take yet
  std::int64_t events_left = 0;
  std::int64_t events_made = 0;
  std::int64_t period_ns = 0;
  std::uint64_t id = 0;
};

// When a stream's next event is due. By id, because the connection may have gone by then.
struct Due {
  std::int64_t at_ns;
  std::uint64_t id;
  bool operator>(const Due& other) const { return at_ns > other.at_ns; }
};

class Upstream {
 public:
  explicit Upstream(int port) : listener_(bench::listen_on(port)) {
    poller_.add(listener_, EPOLLIN, nullptr);
  }

  [[noreturn]] void run() {
    while (true) {
      for (const epoll_event& event : poller_.wait(due_.empty() ? -1 : due_.top().at_ns)) {
        if (event.data.ptr == nullptr) {
          accept_all();
        } else {
          serve(*static_cast<Connection*>(event.data.ptr), event.events);
        }
      }
      for (const std::uint64_t id : ended_) connections_.erase(id);
      ended_.clear();
      make_events();
    }
  }

 private:
  void accept_all() {
    for (bench::Fd fd = bench::accept_from(listener_); fd.is_open();
         fd = bench::accept_from(listener_)) {
      auto connection = std::make_unique<Connection>(std::move(fd));
      connection->id = ++last_id_;
      poller_.add(connection->fd, EPOLLIN, connection.get());
      connections_.emplace(last_id_, std::move(connection));
    }
  }

  void serve(Connection& connection, std::uint32_t events) {
    if (!connection.fd.is_open()) return;
    if ((events & EPOLLOUT) != 0) send(connection, {});
    if ((events & ~std::uint32_t{EPOLLOUT}) == 0 || !connection.fd.is_open()) return;
    const bench::IoResult in = bench::read_some(connection.fd, buffer_);
    if (in.state == Io::kEnd) return close(connection);
    std::string_view bytes(buffer_.data(), in.bytes);
    while (!bytes.empty()) {
      bytes.remove_prefix(connection.request.feed(bytes));
      if (connection.request.broken()) return close(connection);
      if (connection.request.done()) answer(connection);
      if (!connection.fd.is_open()) return;
    }
  }

  void answer(Connection& connection) {
    const bool is_post = connection.request.head().starts_with("POST ");
    const std::string_view body = connection.body;
    if (!is_post) {
      send(connection, health_);
    } else if (body.find(R"("stream":true)") != std::string_view::npos) {
      begin_stream(connection);
    } else {
      send(connection, plain_);
    }
    const bool last = connection.request.header("Connection") == "close";
    if (last && connection.events_left == 0 && connection.waiting.empty()) close(connection);
    connection.request.reset();
    connection.body.clear();
  }

  void begin_stream(Connection& connection) {
    connection.events_left =
        std::max<std::int64_t>(1, number_in(connection.body, "max_tokens", 16));
    connection.events_made = 0;
    const std::int64_t rate = std::max<std::int64_t>(1, number_in(connection.body, "rate", 100));
    connection.period_ns = bench::kSecond / rate;
    send(connection, head_);
    // Streams that begin together get phases apart from each other, as independent engines would
    // have: steps of the golden ratio stay evenly spread for any number of streams.
    phase_ += 0.6180339887498949;
    if (phase_ >= 1) phase_ -= 1;
    const auto first =
        static_cast<std::int64_t>(phase_ * static_cast<double>(connection.period_ns));
    due_.push({bench::now_ns() + first, connection.id});
  }

  void make_events() {
    while (!due_.empty() && due_.top().at_ns <= bench::now_ns()) {
      const Due due = due_.top();
      due_.pop();
      const auto found = connections_.find(due.id);
      if (found == connections_.end() || !found->second->fd.is_open()) continue;
      Connection& connection = *found->second;
      ++connection.events_made;
      send(connection, bench::event_chunk(bench::now_ns()));
      if (--connection.events_left > 0) {
        due_.push({due.at_ns + connection.period_ns, due.id});
      } else {
        send(connection, bench::stream_end(connection.events_made));
      }
    }
  }

  void send(Connection& connection, std::string_view bytes) {
    if (!connection.fd.is_open()) return;
    const bool waited = !connection.waiting.empty();
    if (waited) {
      connection.waiting.append(bytes);
      bytes = connection.waiting;
    }
    bench::IoResult out{Io::kOk, 0};
    if (!bytes.empty()) out = bench::write_some(connection.fd, bytes);
    if (out.state == Io::kEnd) return close(connection);
    std::string rest(bytes.substr(out.bytes));
    connection.waiting = std::move(rest);
    if (waited != !connection.waiting.empty()) {
      const std::uint32_t events = waited ? EPOLLIN : EPOLLIN | EPOLLOUT;
      poller_.change(connection.fd, events, &connection);
    }
  }

  // Forgotten after this round, since an event of it may still point here.
  void close(Connection& connection) {
    connection.fd.close();
    ended_.push_back(connection.id);
  }

  bench::Fd listener_;
  bench::Poller poller_;
  std::array<char, 256 * 1024> buffer_{};
  std::unordered_map<std::uint64_t, std::unique_ptr<Connection>> connections_;
  std::vector<std::uint64_t> ended_;
  std::uint64_t last_id_ = 0;
  std::priority_queue<Due, std::vector<Due>, std::greater<>> due_;
  double phase_ = 0;
  std::string plain_ = bench::plain_reply();
  std::string health_ = bench::health_reply();
  std::string head_ = bench::stream_head();
};

}  // namespace

int main(int argc, char** argv) {
  const bench::Flags flags(argc, argv, {"--port", "--parallel"});
  auto upstream = std::make_unique<Upstream>(static_cast<int>(flags.number("--port", 0)));
  upstream->run();
}
