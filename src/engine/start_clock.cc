#include "engine/start_clock.h"

#include <algorithm>

namespace corral::engine {
namespace {

constexpr int kWorkShare = 20;                     // one part of so many of one processor
constexpr std::uint64_t kWorkBytes = 1024 * 1024;  // from disk
constexpr int kLooksPerLimit = 8;
constexpr Duration kShortestLook = milliseconds(20);
constexpr Duration kLongestLook = seconds(15);

}  // namespace

StartClock::StartClock(Instant begin, Duration limit)
    : begin_(begin), limit_(limit), progress_(begin), deadline_(begin + limit) {}

void StartClock::note_word(Instant now) {
  progress_ = now;
  deadline_ = std::max(deadline_, now + limit_);
}

void StartClock::note_usage(Instant now, const ProcessUsage& usage) {
  // A process has ended that nobody waited for: measure anew from here.
  if (usage.cpu < usage_.cpu || usage.bytes_read < usage_.bytes_read) usage_ = usage;
  const Duration cpu = usage.cpu - usage_.cpu;
  const bool read_some = usage.bytes_read - usage_.bytes_read >= kWorkBytes;
  const bool computed = cpu > Duration::zero() && cpu * kWorkShare >= now - progress_;
  if (!read_some && !computed) return;
  usage_ = usage;
  progress_ = now;
  const Instant cap = begin_ + kMostLimits * limit_;
  deadline_ = std::max(deadline_, std::min(now + limit_, cap));
}

Duration StartClock::next_look(Instant now) const {
  const Duration look = std::clamp<Duration>(limit_ / kLooksPerLimit, kShortestLook, kLongestLook);
  return std::max(Duration::zero(), std::min(look, deadline_ - now));
}

io::Task<bool> wait_in_time(io::Loop& loop, io::Event& news, StartClock& clock, ProcessTree tree) {
  while (!news.is_set()) {
    const bool is_news = co_await news.wait_for(clock.next_look(loop.now()));
    if (is_news) co_return true;
    const ProcessUsage usage = co_await measure_usage(loop, tree);
    const Instant now = loop.now();
    clock.note_usage(now, usage);
    if (!news.is_set() && now >= clock.deadline()) co_return false;
  }
  co_return true;
}

}  // namespace corral::engine
