#include "io/loop.h"

#include <doctest/doctest.h>

#include <vector>

#include "io/event.h"

using namespace corral;
using namespace corral::io;

namespace {

Task<void> work_after(Loop& loop, Duration wait, Duration work) {
  co_await sleep(loop, wait);
  const Instant end = loop.now() + work;
  while (loop.now() < end) {
  }
}

Task<void> note_after(Loop& loop, Duration wait, int number, std::vector<int>& noted, Event& news) {
  co_await sleep(loop, wait);
  noted.push_back(number);
  news.set();
}

// The second timer is due while the first one's work goes on, the third long after.
Task<void> three_timers(Loop& loop, std::vector<int>& noted) {
  Event news(loop);
  Task<void> working = work_after(loop, milliseconds(2), milliseconds(20));
  Task<void> second = note_after(loop, milliseconds(5), 2, noted, news);
  Task<void> third = note_after(loop, seconds(2), 3, noted, news);
  for (Task<void>* task : {&working, &second, &third}) task->start();
  co_await news.wait();
}

// Always ready, by waking each other.
Task<void> swing(Event& mine, Event& other, const bool& over) {
  while (!over) {
    other.set();
    co_await mine.wait();
    mine.clear();
  }
  other.set();
}

Task<void> busy(Loop& loop, bool& over) {
  Event a(loop);
  Event b(loop);
  Task<void> first = swing(a, b, over);
  Task<void> second = swing(b, a, over);
  first.start();
  second.start();
  co_await sleep(loop, milliseconds(5));
  over = true;
}

}  // namespace

TEST_CASE("tasks that wake each other for ever do not keep the loop from timers") {
  Loop loop;
  bool over = false;
  loop.run(busy(loop, over));
  CHECK(over);
}

TEST_CASE("what a timer wakes runs at once, also if the timer was due before the loop looked") {
  Loop loop;
  std::vector<int> noted;
  loop.run(three_timers(loop, noted));
  CHECK(noted == std::vector<int>{2});
}
