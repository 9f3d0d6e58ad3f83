#include "gateway/memory_watch.h"

#include <doctest/doctest.h>

#include <vector>

using namespace corral;
using namespace corral::gateway;
using engine::Pressure;

namespace {

// A machine whose memory is what a test says, with engines that are names.
struct Machine {
  std::vector<std::string> idle{};
  std::vector<std::string> unloaded{};
  Pressure pressure = Pressure::kNone;
  bool runs = true;
  int looks = 0;
  int asked = 0;  // to unload one

  MemoryWatch::World world() {
    return {.any_runs = [this] { return runs; },
            .look =
                [this](Instant) {
                  ++looks;
                  return pressure;
                },
            .numbers = [] { return std::string("numbers"); },
            .unload_one = [this]() -> std::string {
              ++asked;
              if (idle.empty()) return {};
              unloaded.push_back(idle.front());
              idle.erase(idle.begin());
              return unloaded.back();
            }};
  }
};

constexpr milliseconds kOften{1};

using Body = io::Task<void> (*)(io::Loop&, Machine&);
void run(Machine machine, Body body) {
  io::Loop loop;
  loop.run(body(loop, machine));
}

io::Task<void> looked(io::Loop& loop, const Machine& machine, int times) {
  const int before = machine.looks;
  while (machine.looks < before + times) co_await io::sleep(loop, kOften);
}

}  // namespace

TEST_CASE("one idle engine is unloaded when memory is short, and the next only after a while") {
  run({.idle = {"old", "new"}}, [](io::Loop& loop, Machine& machine) -> io::Task<void> {
    MemoryWatch watch(loop, machine.world(), kOften);
    co_await looked(loop, machine, 5);
    CHECK(machine.asked == 0);
    machine.pressure = Pressure::kShort;
    co_await looked(loop, machine, 20);
    CHECK(machine.unloaded == std::vector<std::string>{"old"});
    CHECK(machine.asked == 1);
  });
}

TEST_CASE("memory that stays short takes the first engine that becomes idle") {
  run({.pressure = Pressure::kShort}, [](io::Loop& loop, Machine& machine) -> io::Task<void> {
    MemoryWatch watch(loop, machine.world(), kOften);
    co_await looked(loop, machine, 5);
    CHECK(machine.unloaded.empty());
    machine.idle = {"late"};
    co_await looked(loop, machine, 2);
    CHECK(machine.unloaded == std::vector<std::string>{"late"});
  });
}

TEST_CASE("memory is not looked at while no engine runs") {
  run({.pressure = Pressure::kShort, .runs = false},
      [](io::Loop& loop, Machine& machine) -> io::Task<void> {
        MemoryWatch watch(loop, machine.world(), kOften);
        co_await io::sleep(loop, milliseconds(30));
        CHECK(machine.looks == 0);
        machine.runs = true;
        co_await looked(loop, machine, 1);
      });
}

TEST_CASE("what was seen before all engines had gone is forgotten") {
  run({.idle = {"m"}, .pressure = Pressure::kShort},
      [](io::Loop& loop, Machine& machine) -> io::Task<void> {
        MemoryWatch watch(loop, machine.world(), kOften);
        co_await looked(loop, machine, 2);
        CHECK(machine.asked == 1);
        machine.runs = false;
        co_await io::sleep(loop, milliseconds(30));
        machine.idle = {"n"};
        machine.pressure = Pressure::kSome;
        machine.runs = true;
        co_await looked(loop, machine, 20);
        CHECK(machine.asked == 1);
      });
}

TEST_CASE("what memory there is, is told in numbers") {
  constexpr std::uint64_t kGiB = 1024ULL * 1024 * 1024;
  CHECK(words_of({.ram_bytes = 16 * kGiB, .available_bytes = kGiB / 2, .stalled = 0.125}) ==
        "0.5 GiB of 16.0 GiB are available, programs waited for memory 12 % of the time");
}
