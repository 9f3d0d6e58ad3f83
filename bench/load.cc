// load --port N [flags]: clients that send chat requests to one address and tell how it went.
//
//   --connections N     how many clients, each with a connection of its own (1)
//   --warm N            plain requests of each client before the start (1)
//   --requests N        then this many of each client; 0: they only hold their connections
//   --duration-ms N     instead: as many as they can in that time
//   --pause-ms N        after a failure a client rests so long (20)
//   --model, --stream, --max-tokens, --rate, --body-bytes, --model-last     see call.h
//
// Its words on stdout: "ready" when all are warm, whereupon it waits for a line on stdin; "live"
// when each of the streams has had an event; at the end one line of JSON. In the time between
// "ready" and the line all connections are open and idle, so the caller can read the subject's
// counters.
//
// One thread, epoll; a client waits for its reply before it sends again (a closed loop).
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <memory>
#include <string>
#include <vector>

#include "call.h"
#include "client.h"
#include "clock.h"
#include "flags.h"
#include "net.h"
#include "tally.h"

namespace {

using bench::Client;
using bench::Tally;

constexpr std::size_t kWarmAtOnce = 64;
constexpr std::int64_t kMillisecond = 1'000'000;
constexpr std::int64_t kPatience = 60 * bench::kSecond;  // for a phase's last replies

// What the clients do in one phase.
struct Phase {
  std::string request;
  bool stream = false;
  std::int64_t requests = 0;  // of each client; ignored when there is a duration
  std::int64_t duration_ns = 0;
  std::size_t at_once = 0;  // clients that may have a request under way
};

struct Seat {
  std::unique_ptr<Client> client;
  std::int64_t left = 0;
  std::int64_t rests_until_ns = 0;
};

class Load {
 public:
  Load(int port, std::size_t connections, std::int64_t pause_ns) : pause_ns_(pause_ns) {
    for (std::size_t i = 0; i < connections; ++i) {
      seats_.push_back({std::make_unique<Client>(poller_, port), 0, 0});
    }
  }

  // Runs a phase to its end; returns how long it took.
  std::int64_t run(const Phase& phase, Tally& tally) {
    const std::int64_t began = bench::now_ns();
    const std::int64_t limit = began + phase.duration_ns + kPatience;
    deadline_ns_ = phase.duration_ns > 0 ? began + phase.duration_ns : 0;
    for (Seat& seat : seats_) seat = {std::move(seat.client), phase.requests, 0};
    said_live_ = !phase.stream;
    std::size_t busy = 0;
    do {
      busy = begin_requests(phase, tally);
      if (busy == 0 && all_done()) break;
      const std::int64_t next = std::min(bench::now_ns() + 5 * kMillisecond, limit);
      for (const epoll_event& event : poller_.wait(busy == seats_.size() ? limit : next)) {
        static_cast<Client*>(event.data.ptr)->on_events(event.events);
      }
      say_when_live();
    } while (bench::now_ns() < limit);
    for (const Seat& seat : seats_) tally.unanswered += seat.client->busy() ? 1 : 0;
    return bench::now_ns() - began;
  }

 private:
  bool wants_more(const Seat& seat) const {
    return deadline_ns_ > 0 ? bench::now_ns() < deadline_ns_ : seat.left > 0;
  }

  bool all_done() const {
    return std::none_of(seats_.begin(), seats_.end(),
                        [this](const Seat& seat) { return wants_more(seat); });
  }

  // Lets every client that may begin its next request; returns how many are at it.
  std::size_t begin_requests(const Phase& phase, Tally& tally) {
    std::size_t busy = 0;
    for (const Seat& seat : seats_) busy += seat.client->busy() ? 1U : 0U;
    const std::int64_t now = bench::now_ns();
    for (Seat& seat : seats_) {
      if (busy >= phase.at_once) break;
      if (seat.client->busy() || now < seat.rests_until_ns || !wants_more(seat)) continue;
      if (seat.client->failed() && seat.rests_until_ns == 0) {
        seat.rests_until_ns = now + pause_ns_;
        continue;
      }
      seat.rests_until_ns = 0;
      --seat.left;
      seat.client->begin(phase.request, phase.stream, tally);
      if (seat.client->busy()) ++busy;
    }
    return busy;
  }

  void say_when_live() {
    if (said_live_) return;
    said_live_ = std::all_of(seats_.begin(), seats_.end(),
                             [](const Seat& seat) { return seat.client->has_event(); });
    if (said_live_) {
      std::puts("live");
      std::fflush(stdout);
    }
  }

  std::int64_t pause_ns_;
  bench::Poller poller_;
  std::vector<Seat> seats_;
  std::int64_t deadline_ns_ = 0;
  bool said_live_ = false;
};

void tell(Tally& tally, std::int64_t took_ns) {
  using bench::quantile;
  std::printf(R"({"answered":%lld,"refused":%lld,"unanswered":%lld,"cut":%lld,"last_status":%d,)"
              R"("took_ns":%lld,"p50_ns":%lld,"p99_ns":%lld,"events":%lld,)"
              R"("delay_p50_ns":%lld,"delay_p99_ns":%lld})"
              "\n",
              static_cast<long long>(tally.answered), static_cast<long long>(tally.refused),
              static_cast<long long>(tally.unanswered), static_cast<long long>(tally.cut),
              tally.last_status, static_cast<long long>(took_ns),
              static_cast<long long>(quantile(tally.latencies_ns, 0.5)),
              static_cast<long long>(quantile(tally.latencies_ns, 0.99)),
              static_cast<long long>(tally.events),
              static_cast<long long>(quantile(tally.delays_ns, 0.5)),
              static_cast<long long>(quantile(tally.delays_ns, 0.99)));
  std::fflush(stdout);
}

void wait_for_line() {
  std::puts("ready");
  std::fflush(stdout);
  char byte = 0;
  while (::read(STDIN_FILENO, &byte, 1) == 1 && byte != '\n') {
  }
}

bench::Call call_of(const bench::Flags& flags) {
  bench::Call call;
  call.model = flags.text("--model", call.model);
  call.stream = flags.has("--stream");
  call.max_tokens = flags.number("--max-tokens", call.max_tokens);
  call.rate = flags.number("--rate", call.rate);
  call.body_bytes = flags.number("--body-bytes", 0);
  call.model_last = flags.has("--model-last");
  return call;
}

}  // namespace

int main(int argc, char** argv) {
  const bench::Flags flags(
      argc, argv,
      {"--port", "--connections", "--warm", "--requests", "--duration-ms", "--pause-ms", "--model",
       "--stream", "--max-tokens", "--rate", "--body-bytes", "--model-last"});
  const auto connections = static_cast<std::size_t>(flags.number("--connections", 1));
  Load load(static_cast<int>(flags.number("--port", 0)), connections,
            flags.number("--pause-ms", 20) * kMillisecond);
  const bench::Call call = call_of(flags);
  bench::Call plain;
  plain.model = call.model;
  plain.max_tokens = 1;

  Tally warming;
  const Phase warm{bench::request_bytes(plain), false, flags.number("--warm", 1), 0, kWarmAtOnce};
  load.run(warm, warming);
  Tally tally;
  tally.refused = warming.refused;
  tally.unanswered = warming.unanswered;
  tally.last_status = warming.last_status;
  const Phase main_phase{bench::request_bytes(call), call.stream, flags.number("--requests", 1),
                         flags.number("--duration-ms", 0) * kMillisecond, connections};
  wait_for_line();
  const std::int64_t took = load.run(main_phase, tally);
  tell(tally, took);
}
