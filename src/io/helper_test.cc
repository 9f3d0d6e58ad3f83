#include "io/helper.h"

#include <doctest/doctest.h>

#include <memory>
#include <thread>

#include "io/event.h"

using namespace corral;
using namespace corral::io;

namespace {

Task<void> run_one(Loop& loop, std::thread::id& worker) {
  std::function<void()> work = [&worker] { worker = std::this_thread::get_id(); };
  co_await on_helper(loop, std::move(work));
}

Task<void> cancel_one(Loop& loop, std::shared_ptr<int> owned) {
  std::function<void()> work = [owned] {};
  Task<void> task = on_helper(loop, std::move(work));
  task.start();
  co_return;
}

}  // namespace

TEST_CASE("work runs on another thread and the waiter goes on after it") {
  Loop loop;
  std::thread::id worker;
  loop.run(run_one(loop, worker));
  CHECK(worker != std::thread::id());
  CHECK(worker != std::this_thread::get_id());
}

TEST_CASE("a cancelled wait leaves the work to end by itself and frees what it owned") {
  const auto owned = std::make_shared<int>(1);
  {
    Loop loop;
    loop.run(cancel_one(loop, owned));
  }
  CHECK(owned.use_count() == 1);
}
