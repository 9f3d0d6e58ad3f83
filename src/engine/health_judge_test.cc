#include "engine/health_judge.h"

#include <doctest/doctest.h>

using namespace corral;
using namespace corral::engine;

namespace {

using Reply = HealthJudge::Reply;
constexpr QueueState kIdleQueue{.told = true, .busy = false, .counts = 1};
constexpr QueueState kBusyQueue{.told = true, .busy = true, .counts = 1};

// A judge that is told of a look every 15 seconds, each like the one before but for what a test
// changes in between.
struct Watched {
  HealthJudge judge{seconds(1), seconds(60)};
  HealthJudge::Look now{
      .at = Instant() + seconds(100), .usage = {.processes = 1}, .usage_tells = true};

  void look() {
    judge.look(now);
    now.at += seconds(15);
  }
  // Whether it is stuck after exactly so many more looks, and not before.
  bool stuck_at(int looks) {
    for (int i = 1; i <= looks; ++i) {
      look();
      if (judge.stuck()) return i == looks;
    }
    return false;
  }
  bool stuck_within(int looks) {
    for (int i = 0; i < looks; ++i) {
      look();
      if (judge.stuck()) return true;
    }
    return false;
  }
};

}  // namespace

TEST_CASE("health follows how long answers take and how many are missing in a row") {
  Watched it;
  CHECK(it.judge.health() == Health::kUnknown);
  it.now.reply = Reply::kGood;
  it.now.took = milliseconds(3);
  it.look();
  CHECK(it.judge.health() == Health::kHealthy);
  it.now.took = milliseconds(1001);
  it.look();
  CHECK(it.judge.health() == Health::kDegraded);
  it.now.reply = Reply::kNone;
  it.look();
  it.look();
  CHECK(it.judge.health() == Health::kDegraded);
  it.look();
  CHECK(it.judge.health() == Health::kUnhealthy);
  it.now.reply = Reply::kNotAsked;
  it.look();
  CHECK(it.judge.health() == Health::kUnhealthy);
  it.now.reply = Reply::kGood;
  it.now.took = milliseconds(3);
  it.look();
  CHECK(it.judge.health() == Health::kHealthy);
}

TEST_CASE("an engine that answers nothing while it serves is degraded, not unhealthy") {
  Watched it;
  it.now.reply = Reply::kNone;
  for (int i = 0; i < 10; ++i) {
    ++it.now.progress;
    it.look();
    CHECK(it.judge.health() == Health::kDegraded);
  }
}

TEST_CASE("an engine that answers with errors becomes unhealthy, and is not stuck") {
  Watched it;
  it.now.reply = Reply::kError;
  CHECK_FALSE(it.stuck_within(20));
  CHECK(it.judge.health() == Health::kUnhealthy);
}

TEST_CASE("an engine that does nothing for its limit while a request waits is stuck") {
  Watched it;
  it.now.waiting = 1;
  it.now.reply = Reply::kNone;
  CHECK(it.stuck_at(5));  // the first, and four times 15 s
  CHECK(it.judge.quiet_for() == seconds(60));
}

TEST_CASE("the time of an idle engine begins when a request comes") {
  Watched it;
  it.now.reply = Reply::kGood;
  it.now.queue = kIdleQueue;
  CHECK_FALSE(it.stuck_within(20));
  it.now.waiting = 1;
  it.now.queue = kBusyQueue;
  CHECK(it.stuck_at(5));
}

TEST_CASE("counters that stand still are no work, whatever else is answered") {
  Watched it;
  it.now.waiting = 1;
  it.now.reply = Reply::kGood;
  it.now.queue = kBusyQueue;
  CHECK(it.stuck_at(5));
}

TEST_CASE("an engine that has a request in work of which nobody waits any more can be stuck") {
  Watched it;
  it.now.reply = Reply::kGood;
  it.now.queue = kBusyQueue;
  CHECK(it.stuck_at(5));
}

TEST_CASE("any evidence of work keeps a busy engine from being stuck") {
  Watched it;
  it.now.waiting = 1;
  it.now.reply = Reply::kNone;
  SUBCASE("bytes of a reply") {
    for (int i = 0; i < 20; ++i) {
      ++it.now.progress;
      CHECK_FALSE(it.stuck_within(4));
    }
  }
  SUBCASE("processor time") {
    for (int i = 0; i < 20; ++i) {
      it.now.usage.cpu += milliseconds(100);
      CHECK_FALSE(it.stuck_within(4));
    }
  }
  SUBCASE("a steady trickle of processor time") {
    for (int i = 0; i < 100; ++i) {
      it.now.usage.cpu += milliseconds(30);
      CHECK_FALSE(it.stuck_within(1));
    }
  }
  SUBCASE("reads from disk") {
    for (int i = 0; i < 20; ++i) {
      it.now.usage.bytes_read += 4096;
      CHECK_FALSE(it.stuck_within(4));
    }
  }
  SUBCASE("processes that end") {
    it.now.usage.cpu = seconds(9);
    it.look();
    for (int i = 0; i < 9; ++i) {
      it.now.usage.cpu -= seconds(1);
      CHECK_FALSE(it.stuck_within(4));
    }
  }
  SUBCASE("counters that move") {
    it.now.reply = Reply::kGood;
    it.now.queue = kBusyQueue;
    for (int i = 0; i < 20; ++i) {
      ++it.now.queue.counts;
      CHECK_FALSE(it.stuck_within(4));
    }
  }
}

TEST_CASE("what being asked costs is no work") {
  Watched it;
  it.now.waiting = 1;
  it.now.reply = Reply::kGood;
  it.now.queue = kBusyQueue;
  it.look();
  for (int i = 0; i < 3; ++i) {
    it.now.usage.cpu += milliseconds(5);
    it.look();
    CHECK_FALSE(it.judge.stuck());
  }
  it.now.usage.cpu += milliseconds(5);
  it.look();
  CHECK(it.judge.stuck());
}

TEST_CASE("an engine whose queue is empty does not hold up what waits") {
  Watched it;
  it.now.waiting = 1;
  it.now.reply = Reply::kGood;
  it.now.queue = kIdleQueue;
  CHECK_FALSE(it.stuck_within(50));
}

TEST_CASE("an idle engine is stuck when it neither answers nor works") {
  Watched it;
  it.now.reply = Reply::kGood;
  it.look();
  it.now.reply = Reply::kNone;
  CHECK(it.stuck_at(4));
  CHECK(it.judge.health() == Health::kUnhealthy);
}

TEST_CASE("an idle engine of which nothing can be asked is never stuck") {
  Watched it;
  CHECK_FALSE(it.stuck_within(50));
}

TEST_CASE("clients that give up one after the other do not hide a stuck engine") {
  Watched it;
  it.now.reply = Reply::kNone;
  it.now.waiting = 1;
  it.look();
  it.now.waiting = 0;
  it.look();
  it.now.waiting = 1;
  it.look();
  it.now.waiting = 0;
  it.look();
  CHECK_FALSE(it.judge.stuck());
  it.look();
  CHECK(it.judge.stuck());
}

TEST_CASE("an engine whose processes are not seen is not stuck while it answers") {
  Watched it;
  it.now.usage_tells = false;
  it.now.waiting = 1;
  it.now.reply = Reply::kGood;
  CHECK_FALSE(it.stuck_within(100));
  it.now.reply = Reply::kNone;
  CHECK(it.stuck_at(40));  // ten times as long
}

TEST_CASE("a measurement that begins anew forgets what was") {
  Watched it;
  it.now.waiting = 1;
  it.now.reply = Reply::kNone;
  for (int i = 0; i < 4; ++i) it.look();
  it.judge.restart();
  it.now.at += std::chrono::hours(8);
  CHECK(it.stuck_at(5));
}

TEST_CASE("a limit of zero means never") {
  HealthJudge judge(seconds(1), Duration::zero());
  HealthJudge::Look look{.waiting = 1, .usage_tells = true, .reply = Reply::kNone};
  for (int i = 0; i < 100; ++i) {
    look.at += seconds(15);
    judge.look(look);
    CHECK_FALSE(judge.stuck());
  }
}
