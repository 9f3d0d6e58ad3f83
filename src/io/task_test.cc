#include "io/task.h"

#include <doctest/doctest.h>

#include <memory>
#include <string>

#include "io/race.h"

using namespace corral;
using namespace corral::io;

namespace {

Task<long> number(long value) { co_return value; }

Task<long> sum_to(long n) {
  long sum = 0;
  for (long i = 1; i <= n; ++i) {
    const long next = co_await number(i);
    sum += next;
  }
  co_return sum;
}

struct Alive {
  explicit Alive(int& counter) : count(counter) { ++count; }
  ~Alive() { --count; }
  Alive(const Alive&) = delete;
  Alive& operator=(const Alive&) = delete;
  int& count;
};

Task<Result<std::string>> sleep_then(Loop& loop, Duration time, std::string text, int& alive) {
  const Alive guard(alive);
  co_await sleep(loop, time);
  co_return text;
}

Task<void> wait_and_count(Event& event, int& woken) {
  co_await event.wait();
  ++woken;
}

Task<void> set_event(Event& event) {
  event.set();
  co_return;
}

}  // namespace

TEST_CASE("a hundred thousand awaits do not grow the stack") {
  Loop loop;
  long sum = 0;
  auto body = [](long& out) -> Task<void> { out = co_await sum_to(100000); };
  loop.run(body(sum));
  CHECK(sum == 5000050000L);
}

TEST_CASE("a task that is dropped before it runs owns and leaks nothing") {
  Loop loop;
  int alive = 0;
  {
    Task<Result<std::string>> task = sleep_then(loop, seconds(60), "never", alive);
  }
  CHECK(alive == 0);
}

TEST_CASE("dropping a waiting task destroys its frame and its timer") {
  Loop loop;
  int alive = 0;
  {
    Task<Result<std::string>> task = sleep_then(loop, seconds(60), "never", alive);
    task.start();
    CHECK(alive == 1);
  }
  CHECK(alive == 0);
}

TEST_CASE("a task past its limit is cancelled and the caller is told") {
  Loop loop;
  int alive = 0;
  Result<std::string> result = fail(Code::kInternal, "");
  auto body = [](Loop& l, int& a, Result<std::string>& out) -> Task<void> {
    out = co_await with_timeout<std::string>(
        l, milliseconds(1), sleep_then(l, seconds(60), "late", a), "no answer in 1 ms");
    REQUIRE(a == 0);
  };
  loop.run(body(loop, alive, result));
  REQUIRE_FALSE(result.has_value());
  CHECK(result.error().code == Code::kTimeout);
}

TEST_CASE("a task within its limit gives its result") {
  Loop loop;
  int alive = 0;
  Result<std::string> result = fail(Code::kInternal, "");
  auto body = [](Loop& l, int& a, Result<std::string>& out) -> Task<void> {
    out = co_await with_timeout<std::string>(
        l, seconds(60), sleep_then(l, milliseconds(1), "here", a), "no answer");
  };
  loop.run(body(loop, alive, result));
  CHECK(result == "here");
}

TEST_CASE("an event wakes everybody who waits and nobody who has left") {
  Loop loop;
  Event event(loop);
  int woken = 0;
  Task<void> first = wait_and_count(event, woken);
  Task<void> second = wait_and_count(event, woken);
  Task<void> gone = wait_and_count(event, woken);
  first.start();
  second.start();
  gone.start();
  gone.cancel();
  auto body = [](Loop& l, Event& e) -> Task<void> {
    co_await set_event(e);
    co_await sleep(l, milliseconds(1));
  };
  loop.run(body(loop, event));
  CHECK(woken == 2);
}

TEST_CASE("a waiter that is woken and cancelled in one round is not resumed") {
  Loop loop;
  Event event(loop);
  int woken = 0;
  Task<void> task = wait_and_count(event, woken);
  task.start();
  event.set();
  task.cancel();
  auto body = [](Loop& l) -> Task<void> { co_await sleep(l, milliseconds(1)); };
  loop.run(body(loop));
  CHECK(woken == 0);
}

TEST_CASE("a stop cancels what runs against it") {
  Loop loop;
  Event stop(loop);
  int alive = 0;
  Code code = Code::kInternal;
  auto body = [](Loop& l, Event& s, int& a, Code& out) -> Task<void> {
    s.set();
    Result<std::string> result =
        co_await until<std::string>(l, s, sleep_then(l, seconds(60), "never", a));
    out = result.has_value() ? Code::kInternal : result.error().code;
    REQUIRE(a == 0);
  };
  loop.run(body(loop, stop, alive, code));
  CHECK(code == Code::kCancelled);
}
