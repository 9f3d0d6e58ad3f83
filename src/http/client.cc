#include "http/client.h"

#include <algorithm>

#include "http/head_writer.h"
#include "http/upstream.h"
#include "io/race.h"

namespace corral::http {

// The idle connections to one address, the longest idle first.
struct Client::Pool {
  Address address;
  std::vector<std::unique_ptr<Upstream>> idle;
};

namespace {

// What Host says when the caller does not.
std::string host_of(const Address& address) {
  if (!address.unix_path.empty()) return "localhost";
  const bool ip6 = address.host.find(':') != std::string::npos;
  return (ip6 ? "[" + address.host + "]" : address.host) + ":" + std::to_string(address.port);
}

io::Task<Result<io::Stream>> connect(io::Loop& loop, const Address& address) {
  io::Task<Result<io::Stream>> connecting = address.unix_path.empty()
                                                ? io::connect_tcp(loop, address.host, address.port)
                                                : io::connect_unix(loop, address.unix_path);
  std::string late = "connecting to " + host_of(address) + ": no answer in 10 s";
  return io::with_timeout<io::Stream>(loop, Client::kConnectTime, std::move(connecting),
                                      std::move(late));
}

}  // namespace

Client::Client(io::Loop& loop) : loop_(loop), some_idle_(loop), house_keeping_(keep_house()) {
  house_keeping_.start();
}

Client::~Client() = default;

io::Task<Result<Call>> Client::open(const Address& address, RequestSpec spec) {
  std::unique_ptr<Upstream> up;
  if (!spec.fresh_connection) up = take_idle(address);
  const bool reused = up != nullptr;
  if (!reused) {
    up = std::make_unique<Upstream>();
    up->address = address;
  }
  up->reused = reused;
  const Delivery delivery{.framing = spec.framing, .length = spec.length};
  const Result<void> written = write_request_head(up->head_out, spec.method, spec.target,
                                                  host_of(up->address), spec.headers, delivery);
  if (!written.has_value()) co_return std::unexpected(written.error());
  up->head_due = true;
  up->is_head = spec.method == "HEAD";
  up->request_ended = up->write_failed = up->reply_begun = up->head_read = false;
  up->framing = spec.framing;
  up->length = spec.framing == Framing::kLength ? spec.length : 0;
  up->sent = 0;
  if (!reused) {
    Result<io::Stream> stream = co_await connect(loop_, up->address);
    if (!stream.has_value()) co_return std::unexpected(stream.error());
    up->stream = std::move(*stream);
  }
  co_return Call(*this, std::move(up));
}

std::unique_ptr<Upstream> Client::take_idle(const Address& address) {
  for (const std::unique_ptr<Pool>& pool : pools_) {
    if (pool->address != address) continue;
    // The last one back is the one that its server will close last.
    while (!pool->idle.empty()) {
      std::unique_ptr<Upstream> up = std::move(pool->idle.back());
      pool->idle.pop_back();
      if (up->stream.quiet() && loop_.now() - up->idle_since < kIdleTime) return up;
    }
  }
  return nullptr;
}

void Client::put_back(std::unique_ptr<Upstream> up) {
  up->reader.next_message();
  up->idle_since = loop_.now();
  auto found = std::find_if(pools_.begin(), pools_.end(), [&](const std::unique_ptr<Pool>& pool) {
    return pool->address == up->address;
  });
  if (found == pools_.end()) {
    pools_.push_back(std::make_unique<Pool>(Pool{up->address, {}}));
    found = pools_.end() - 1;
  }
  std::vector<std::unique_ptr<Upstream>>& idle = (*found)->idle;
  if (idle.size() >= kIdlePerAddress) idle.erase(idle.begin());
  idle.push_back(std::move(up));
  if (!some_idle_.is_set()) some_idle_.set();
}

// Once a second while anything is idle, so that the pool's limit costs no timer a request.
io::Task<void> Client::keep_house() {
  while (true) {
    co_await some_idle_.wait();
    co_await io::sleep(loop_, seconds(1));
    drop_old();
    if (pools_.empty()) some_idle_.clear();
  }
}

void Client::drop_old() {
  const Instant now = loop_.now();
  for (const std::unique_ptr<Pool>& pool : pools_) {
    std::erase_if(pool->idle, [&](const std::unique_ptr<Upstream>& up) {
      return !up->stream.quiet() || now - up->idle_since >= kIdleTime;
    });
  }
  std::erase_if(pools_, [](const std::unique_ptr<Pool>& pool) { return pool->idle.empty(); });
}

void Client::forget(const Address& address) {
  std::erase_if(pools_,
                [&](const std::unique_ptr<Pool>& pool) { return pool->address == address; });
}

std::size_t Client::idle(const Address& address) const {
  for (const std::unique_ptr<Pool>& pool : pools_) {
    if (pool->address == address) return pool->idle.size();
  }
  return 0;
}

}  // namespace corral::http
