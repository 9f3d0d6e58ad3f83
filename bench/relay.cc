// relay PORT UPSTREAM_PORT: passes bytes both ways and looks at none of them. What a connection
// costs when nothing is understood: the floor for every proxy of the comparison.
//
// One thread, one buffer. A client has its own connection to the upstream for as long as it stays,
// so unlike the real proxies it shares none.
#include <array>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "net.h"

namespace {

using bench::Fd;
using bench::Io;

struct Pair;

// One direction's end: bytes that come in here leave by the other end, or wait in `held`.
struct End {
  Fd fd;
  Pair* pair = nullptr;
  End* other = nullptr;
  std::string held;  // what came in here and could not leave yet; no more is read meanwhile
};

struct Pair {
  End client;
  End upstream;
  bool ended = false;
};

class Relay {
 public:
  Relay(int port, int upstream_port)
      : upstream_port_(upstream_port), listener_(bench::listen_on(port)) {
    poller_.add(listener_, EPOLLIN, nullptr);
  }

  [[noreturn]] void run() {
    while (true) {
      for (const epoll_event& event : poller_.wait(-1)) {
        if (event.data.ptr == nullptr) {
          accept_all();
        } else {
          serve(*static_cast<End*>(event.data.ptr), event.events);
        }
      }
      // Only now, because an event of this round may still point into an ended pair.
      for (const Pair* pair : ended_) pairs_.erase(pair);
      ended_.clear();
    }
  }

 private:
  void accept_all() {
    for (Fd fd = bench::accept_from(listener_); fd.is_open(); fd = bench::accept_from(listener_)) {
      auto pair = std::make_unique<Pair>();
      pair->client = {std::move(fd), pair.get(), &pair->upstream, {}};
      pair->upstream = {bench::connect_to(upstream_port_), pair.get(), &pair->client, {}};
      poller_.add(pair->client.fd, EPOLLIN, &pair->client);
      poller_.add(pair->upstream.fd, EPOLLIN, &pair->upstream);
      const Pair* key = pair.get();
      pairs_.emplace(key, std::move(pair));
    }
  }

  void serve(End& end, std::uint32_t events) {
    if (end.pair->ended) return;
    // Writable: what the other end took in can go on leaving here.
    if ((events & EPOLLOUT) != 0 && !flush(*end.other)) return;
    if ((events & (EPOLLIN | EPOLLHUP | EPOLLERR)) != 0 && end.held.empty()) pass(end);
  }

  void pass(End& from) {
    const bench::IoResult in = bench::read_some(from.fd, buffer_);
    if (in.state == Io::kEnd) return finish(*from.pair);
    if (in.state == Io::kWait) return;
    std::string_view bytes(buffer_.data(), in.bytes);
    const bench::IoResult out = bench::write_some(from.other->fd, bytes);
    if (out.state == Io::kEnd) return finish(*from.pair);
    bytes.remove_prefix(out.bytes);
    if (bytes.empty()) return;
    from.held = bytes;
    watch(from);
  }

  // Sends on what `from` holds; false when the pair has ended.
  bool flush(End& from) {
    const bench::IoResult out = bench::write_some(from.other->fd, from.held);
    if (out.state == Io::kEnd && !from.held.empty()) {
      finish(*from.pair);
      return false;
    }
    from.held.erase(0, out.bytes);
    if (from.held.empty()) watch(from);
    return true;
  }

  // An end is read only while it holds nothing, and is awaited as writable while the other holds.
  void watch(End& from) {
    for (End* end : {&from, from.other}) {
      const std::uint32_t in = end->held.empty() ? EPOLLIN : 0U;
      const std::uint32_t out = end->other->held.empty() ? 0U : EPOLLOUT;
      poller_.change(end->fd, in | out, end);
    }
  }

  void finish(Pair& pair) {
    pair.ended = true;
    pair.client.fd.close();
    pair.upstream.fd.close();
    ended_.push_back(&pair);
  }

  int upstream_port_;
  Fd listener_;
  bench::Poller poller_;
  std::array<char, 64 * 1024> buffer_{};
  std::unordered_map<const Pair*, std::unique_ptr<Pair>> pairs_;
  std::vector<const Pair*> ended_;
};

}  // namespace

int main(int argc, char** argv) {
  if (argc != 3) {
    std::fputs("usage: relay PORT UPSTREAM_PORT\n", stderr);
    return 2;
  }
  auto relay = std::make_unique<Relay>(std::atoi(argv[1]), std::atoi(argv[2]));
  relay->run();
}
