#include "io/loop.h"

#include <doctest/doctest.h>

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

Task<void> set_after(Loop& loop, Duration wait, Event& event) {
  co_await sleep(loop, wait);
  event.set();
}

Task<void> two_timers(Loop& loop, bool& in_time) {
  Event second(loop);
  Task<void> watch = set_after(loop, seconds(2), second);
  Task<void> working = work_after(loop, milliseconds(2), milliseconds(20));
  Task<void> setting = set_after(loop, milliseconds(5), second);
  for (Task<void>* task : {&watch, &working, &setting}) task->start();
  const Instant begin = loop.now();
  co_await second.wait();
  in_time = loop.now() - begin < seconds(1);
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
  bool in_time = false;
  loop.run(two_timers(loop, in_time));
  CHECK(in_time);
}
