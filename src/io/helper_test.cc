#include "io/helper.h"

#include <doctest/doctest.h>

#include <atomic>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

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

// What the helper writes, the loop reads after the wait, and nothing but the wait orders them.
Task<void> ask_for_text(Loop& loop, int number, std::vector<std::string>& texts, Event& all) {
  const auto text = std::make_shared<std::string>();
  std::function<void()> work = [text, number] {
    *text = "text of helper " + std::to_string(number);
  };
  co_await on_helper(loop, std::move(work));
  texts.push_back(std::move(*text));
  if (texts.size() == 20) all.set();
}

Task<void> ask_for_many(Loop& loop, std::vector<std::string>& texts) {
  Event all(loop);
  std::vector<Task<void>> asking;
  for (int i = 0; i < 20; ++i) {
    asking.push_back(ask_for_text(loop, i, texts, all));
    asking.back().start();
  }
  co_await all.wait();
}

// The helper is in the middle of its work when the wait for it ends.
Task<void> cancel_under_way(Loop& loop, std::shared_ptr<std::string> owned, std::mutex& gate) {
  std::unique_lock closed(gate);
  const auto begun = std::make_shared<std::atomic<bool>>(false);
  std::function<void()> work = [owned, begun, &gate] {
    begun->store(true);
    begun->notify_one();
    const std::lock_guard opened(gate);
    *owned += " was written by the helper";
  };
  std::optional<Task<void>> task = on_helper(loop, std::move(work));
  task->start();
  begun->wait(false);
  task.reset();
  closed.unlock();
  co_return;
}

// Its end may come after the loop's, which `opened` shows.
Task<void> cancel_for_good(Loop& loop, std::shared_ptr<std::atomic<bool>> opened,
                           std::shared_ptr<std::atomic<bool>> over) {
  std::function<void()> work = [opened, over] {
    opened->wait(false);
    over->store(true);
    over->notify_one();
  };
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

TEST_CASE("each of many waiters reads what its helper wrote") {
  std::vector<std::string> texts;
  {
    Loop loop;
    loop.run(ask_for_many(loop, texts));
  }
  REQUIRE(texts.size() == 20);
  for (const std::string& text : texts) CHECK(text.starts_with("text of helper "));
}

TEST_CASE("work whose wait is cancelled while it runs ends before the loop does") {
  const auto owned = std::make_shared<std::string>("this");
  std::mutex gate;
  {
    Loop loop;
    loop.run(cancel_under_way(loop, owned, gate));
  }
  CHECK(*owned == "this was written by the helper");
  CHECK(owned.use_count() == 1);
}

TEST_CASE("work that does not end does not keep the loop from its end") {
  const auto opened = std::make_shared<std::atomic<bool>>(false);
  const auto over = std::make_shared<std::atomic<bool>>(false);
  {
    Loop loop;
    loop.run(cancel_for_good(loop, opened, over));
  }
  CHECK_FALSE(over->load());
  opened->store(true);
  opened->notify_one();
  over->wait(false);
}
