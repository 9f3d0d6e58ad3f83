// One event at a time: requests, engines that come and go, unloading, time to live, shutting down.
// Swaps and fairness are in settle_test.cc.
#include "scheduler/scheduler.h"

#include <doctest/doctest.h>

#include "scheduler/test_world.h"

using namespace corral;
using namespace corral::scheduler;

TEST_CASE("the first request starts its model and is granted when that is ready") {
  World world;
  world.request(1, A);
  CHECK(world.said() == Said{"start a"});
  CHECK(world.scheduler.phase(A) == Phase::kStarting);
  CHECK(world.scheduler.waiting(A) == 1);
  world.ready(A);
  CHECK(world.said() == Said{"grant 1"});
  CHECK(world.scheduler.waiting(A) == 0);
  CHECK(world.scheduler.in_flight(A) == 1);
}

TEST_CASE("a request for a ready model with room is granted at once") {
  World world;
  world.run(1, A);
  world.request(2, A);
  CHECK(world.said() == Said{"grant 2"});
}

TEST_CASE("requests beyond what the engine takes wait in order") {
  World world({rule(1)});
  world.run(1, A);
  world.request(2, A);
  world.request(3, A);
  CHECK(world.said().empty());
  world.done(1);
  CHECK(world.said() == Said{"grant 2"});
  world.done(2);
  CHECK(world.said() == Said{"grant 3"});
}

TEST_CASE("a request beyond those that may wait is refused with a sentence") {
  World world({{.id = "qwen", .max_in_flight = 1, .max_waiting = 2, .ttl = {}}});
  for (RequestId id = 1; id <= 3; ++id) world.request(id, A);
  CHECK(world.said() == Said{"start qwen", "refuse 3"});
  CHECK(world.last.back().error.code == Code::kLimit);
  CHECK(world.last.back().error.message.find("qwen") != std::string::npos);
  world.ready(A);
  world.request(4, A);
  CHECK(world.said() == Said{"grant 1"});
  CHECK(world.scheduler.waiting(A) == 2);
}

TEST_CASE("a request for a model that starts waits for that start") {
  World world;
  world.request(1, A);
  world.request(2, A);
  CHECK(world.said() == Said{"start a"});
  world.ready(A);
  CHECK(world.said() == Said{"grant 1", "grant 2"});
}

TEST_CASE("a cancelled waiter is forgotten") {
  World world({rule(1)});
  world.run(1, A);
  world.request(2, A);
  world.request(3, A);
  world.cancel(2);
  world.done(1);
  CHECK(world.said() == Said{"grant 3"});
}

TEST_CASE("a start goes on when its only requester has gone") {
  World world;
  world.request(1, A);
  world.cancel(1);
  CHECK(world.said() == Said{"start a"});
  world.ready(A);
  CHECK(world.said().empty());
  CHECK(world.scheduler.phase(A) == Phase::kReady);
  CHECK(world.scheduler.in_flight(A) == 0);
}

TEST_CASE("a granted request that is cancelled gives its place back") {
  World world({rule(1)});
  world.run(1, A);
  world.request(2, A);
  world.cancel(1);
  CHECK(world.said() == Said{"grant 2"});
}

TEST_CASE("the end of an unknown request is ignored") {
  World world;
  world.run(1, A);
  world.done(7);
  world.done(1);
  world.done(1);
  world.cancel(1);
  CHECK(world.said().empty());
  CHECK(world.scheduler.in_flight(A) == 0);
}

TEST_CASE("those who wait for an engine that died start it again") {
  World world({rule(1)});
  world.run(1, A);
  world.request(2, A);
  world.died(A);
  CHECK(world.said() == Said{"start a"});
  CHECK(world.scheduler.in_flight(A) == 0);
  world.ready(A);
  CHECK(world.said() == Said{"grant 2"});
}

TEST_CASE("an engine that died without waiters stays stopped") {
  World world;
  world.run(1, A);
  world.died(A);
  CHECK(world.said().empty());
  CHECK(world.scheduler.phase(A) == Phase::kStopped);
}

TEST_CASE("the end of a request in a dead engine frees no place in the next") {
  World world({rule(1)});
  world.run(1, A);
  world.request(2, A);
  world.request(3, A);
  world.died(A);
  world.ready(A);
  world.said();
  world.done(1);
  CHECK(world.said().empty());
  CHECK(world.scheduler.in_flight(A) == 1);
}

TEST_CASE("replayed requests go before all others, in their own order") {
  World world({rule(1)});
  world.run(1, A);
  world.request(2, A);
  world.request(3, A);
  world.died(A);
  world.replay(10, A);
  world.replay(11, A);
  world.ready(A);
  world.done(10);
  world.done(11);
  world.done(2);
  CHECK(world.said() == Said{"start a", "grant 10", "grant 11", "grant 2", "grant 3"});
}

TEST_CASE("a replayed request is not refused because many wait") {
  World world({{.id = "a", .max_in_flight = 1, .max_waiting = 1, .ttl = {}}});
  world.run(1, A);
  world.request(2, A);
  world.replay(3, A);
  world.done(1);
  CHECK(world.said() == Said{"grant 3"});
}

TEST_CASE("unloading refuses who waits and lets who is served finish") {
  World world({rule(1)});
  world.run(1, A);
  world.request(2, A);
  world.unload(A);
  CHECK(world.said() == Said{"refuse 2"});
  CHECK(world.last.front().error.code == Code::kUnavailable);
  CHECK(world.last.front().error.message.find("was unloaded while the request waited") !=
        std::string::npos);
  world.done(1);
  CHECK(world.said() == Said{"stop a: asked"});
}

TEST_CASE("an idle engine that is unloaded stops at once") {
  World world;
  world.load(1, A);
  world.unload(A);
  CHECK(world.said() == Said{"stop a: asked"});
  world.stopped(A);
  CHECK(world.said().empty());
  CHECK(world.scheduler.all_stopped());
}

TEST_CASE("requests that come while an unloaded engine drains start it again") {
  World world;
  world.run(1, A);
  world.unload(A);
  world.request(2, A);
  CHECK(world.said().empty());
  world.done(1);
  CHECK(world.said() == Said{"stop a: asked"});
  world.stopped(A);
  CHECK(world.said() == Said{"start a"});
  world.ready(A);
  CHECK(world.said() == Said{"grant 2"});
}

TEST_CASE("an engine that dies while it drains for an unload may start again") {
  World world;
  world.run(1, A);
  world.unload(A);
  world.request(2, A);
  world.died(A);
  CHECK(world.said() == Said{"start a"});
  world.ready(A);
  CHECK(world.said() == Said{"grant 2"});
}

TEST_CASE("unloading a model that starts stops it at once") {
  World world;
  world.request(1, A);
  world.said();
  world.unload(A);
  CHECK(world.said() == Said{"refuse 1", "stop a: asked"});
  world.ready(A);
  CHECK(world.scheduler.phase(A) == Phase::kStopping);
  world.stopped(A);
  CHECK(world.scheduler.all_stopped());
}

TEST_CASE("unloading a stopped model refuses who waits for its turn") {
  World world;
  world.run(1, A);
  world.request(2, B);
  world.unload(B);
  CHECK(world.said() == Said{"refuse 2"});
  world.done(1);
  CHECK(world.said().empty());
}

TEST_CASE("unloading one model lets the next in line start as soon as it has stopped") {
  World world;
  world.run(1, A);
  world.request(2, B);
  world.unload(A);
  world.done(1);
  CHECK(world.said() == Said{"stop a: asked"});
  world.stopped(A);
  CHECK(world.said() == Said{"start b"});
}

TEST_CASE("unloading all models empties every queue") {
  World world;
  world.run(1, A);
  world.request(2, B);
  world.request(3, C);
  world.scheduler.unload_all(world.now);
  CHECK(world.said() == Said{"refuse 2", "refuse 3"});
  world.done(1);
  CHECK(world.said() == Said{"stop a: asked"});
}

TEST_CASE("an idle engine stops when its time to live is over") {
  World world({rule(1, seconds(60))});
  world.run(1, A);
  CHECK_FALSE(world.scheduler.next_tick().has_value());
  world.pass(seconds(100));
  world.done(1);
  CHECK(world.until_tick() == seconds(60));
  world.pass(seconds(60) - milliseconds(1));
  world.tick();
  CHECK(world.said().empty());
  world.pass(milliseconds(1));
  world.tick();
  CHECK(world.said() == Said{"stop a: idle"});
  CHECK_FALSE(world.scheduler.next_tick().has_value());
}

TEST_CASE("a model whose requester has gone stays for a whole time to live") {
  World world({rule(1, seconds(60))});
  world.load(1, A);
  world.pass(seconds(60));
  world.tick();
  world.stopped(A);
  world.pass(seconds(1000));
  world.request(2, A);
  world.cancel(2);
  world.said();
  world.ready(A);
  CHECK(world.until_tick() == seconds(60));
  world.pass(seconds(59));
  world.tick();
  CHECK(world.said().empty());
}

TEST_CASE("a request that comes when the time to live is just over is still served") {
  World world({rule(1, seconds(60))});
  world.load(1, A);
  world.pass(seconds(61));
  world.request(2, A);
  CHECK(world.said() == Said{"grant 2"});
}

TEST_CASE("without a time to live an idle engine stays") {
  World world;
  world.load(1, A);
  world.pass(std::chrono::hours(1000));
  world.tick();
  CHECK(world.said().empty());
  CHECK_FALSE(world.scheduler.next_tick().has_value());
}

TEST_CASE("engine events that do not fit a stopped engine are ignored") {
  World world;
  world.ready(A);
  world.start_failed(A);
  world.died(A);
  world.stopped(A);
  CHECK(world.said().empty());
  CHECK(world.scheduler.phase(A) == Phase::kStopped);
}

TEST_CASE("a stop that is told twice does not end the next start") {
  World world;
  world.load(1, A);
  world.unload(A);
  world.stopped(A);
  world.request(2, A);
  world.stopped(A);
  CHECK(world.scheduler.phase(A) == Phase::kStarting);
  world.ready(A);
  world.stopped(A);
  world.ready(A);
  CHECK(world.said() == Said{"stop a: asked", "start a", "grant 2"});
  CHECK(world.scheduler.phase(A) == Phase::kReady);
}

TEST_CASE("an engine that dies while it starts has failed to start") {
  World world;
  world.request(1, A);
  world.died(A);
  CHECK(world.said() == Said{"start a", "start a"});
  world.died(A);
  CHECK(world.said() == Said{"refuse 1"});
  CHECK(world.last.back().error.message == "it died");
}

TEST_CASE("an engine that fails while it stops has stopped") {
  World world;
  world.load(1, A);
  world.unload(A);
  world.start_failed(A);
  CHECK(world.scheduler.phase(A) == Phase::kStopped);
  world.load(2, B);
  world.unload(B);
  world.died(B);
  CHECK(world.scheduler.phase(B) == Phase::kStopped);
}

TEST_CASE("shutting down refuses who waits and who comes, and stops engines when idle") {
  World world;
  world.run(1, A);
  world.request(2, B);
  world.scheduler.shut_down(world.now);
  world.request(3, A);
  CHECK(world.said() == Said{"refuse 2", "refuse 3"});
  CHECK(world.last.front().error.code == Code::kUnavailable);
  CHECK(world.last.back().error.code == Code::kUnavailable);
  world.done(1);
  CHECK(world.said() == Said{"stop a: asked"});
  CHECK_FALSE(world.scheduler.all_stopped());
  world.stopped(A);
  CHECK(world.said().empty());
  CHECK(world.scheduler.all_stopped());
}

TEST_CASE("shutting down stops an engine that starts at once") {
  World world;
  world.request(1, A);
  world.scheduler.shut_down(world.now);
  CHECK(world.said() == Said{"start a", "refuse 1", "stop a: asked"});
}

TEST_CASE("another rule counts from the moment it is given") {
  World world;
  world.request(1, A);
  world.scheduler.set_rule(A, {.id = "a", .max_in_flight = 1, .max_waiting = 1, .ttl = seconds(5)});
  world.ready(A);
  world.request(2, A);
  world.request(3, A);
  CHECK(world.scheduler.in_flight(A) == 1);
  CHECK(world.scheduler.waiting(A) == 1);
  world.done(1);
  world.done(2);
  CHECK(world.until_tick() == seconds(5));
}
