#include "engine/memory_pressure.h"

#include <doctest/doctest.h>

#include <filesystem>
#include <string>

#include "base/test_folder.h"

using namespace corral;
using namespace corral::engine;

namespace {

constexpr std::uint64_t kGiB = 1024ULL * 1024 * 1024;

Pressure of(std::uint64_t ram, std::uint64_t available, double stalled = 0) {
  return pressure_of({.ram_bytes = ram, .available_bytes = available, .stalled = stalled});
}

}  // namespace

TEST_CASE("memory is short when hardly anything is available") {
  CHECK(of(10 * kGiB, 5 * kGiB) == Pressure::kNone);
  CHECK(of(10 * kGiB, kGiB / 4) == Pressure::kShort);
  CHECK(of(10 * kGiB, kGiB / 2 + kGiB / 8) == Pressure::kSome);
  CHECK(of(10 * kGiB, kGiB) == Pressure::kNone);
  // A twentieth of a large machine is plenty.
  CHECK(of(512 * kGiB, 2 * kGiB) == Pressure::kNone);
  CHECK(of(512 * kGiB, kGiB - 1) == Pressure::kShort);
  CHECK(of(0, 0) == Pressure::kNone);  // nothing is known
}

TEST_CASE("memory is short when programs wait for it, unless half of it is available") {
  CHECK(of(10 * kGiB, 4 * kGiB, 0.1) == Pressure::kShort);
  CHECK(of(10 * kGiB, 4 * kGiB, 0.07) == Pressure::kSome);
  CHECK(of(10 * kGiB, 4 * kGiB, 0.04) == Pressure::kNone);
  CHECK(of(10 * kGiB, 5 * kGiB, 0.9) == Pressure::kNone);
}

TEST_CASE("the kernel's file tells how long programs have waited") {
  CHECK(stalled_in("some avg10=0.00 avg60=0.12 avg300=0.00 total=1500000\n"
                   "full avg10=0.00 avg60=0.00 avg300=0.00 total=7\n") == milliseconds(1500));
  CHECK_FALSE(stalled_in("").has_value());
  CHECK_FALSE(stalled_in("some avg10=0.00\n").has_value());
  CHECK_FALSE(stalled_in("some total=99999999999999999999\n").has_value());
  CHECK_FALSE(stalled_in("some total=18446744073709551615\n").has_value());
}

TEST_CASE("this machine can be asked") {
  MemoryGauge gauge;
  gauge.look(Instant(seconds(1)));
  CHECK(gauge.sample.ram_bytes > 0);
}

TEST_CASE("a share of time is that since the look before, and swap is no memory") {
  const Folder folder;
  const auto wait = [&folder](const std::string& microseconds) {
    folder.file("some avg10=0.00 avg60=0.00 avg300=0.00 total=" + microseconds + "\n",
                "proc/pressure/memory");
  };
  std::filesystem::create_directories(folder.path() + "/proc/pressure");
  folder.file("MemTotal: 10485760 kB\nMemAvailable: 6291456 kB\nSwapTotal: 10485760 kB\n",
              "proc/meminfo");
  MemoryGauge gauge;
  const auto look = [&](int second) {
    return gauge.look_below(folder.path() + "/", Instant(seconds(second)));
  };
  wait("7000000");
  CHECK(look(100) == Pressure::kNone);
  CHECK(gauge.sample.stalled == 0);  // nothing is known of the time before
  wait("8000000");
  CHECK(look(104) == Pressure::kNone);  // more than half of it is available
  CHECK(gauge.sample.stalled == 0.25);
  CHECK(gauge.sample.ram_bytes == 10 * kGiB);
  folder.file("MemTotal: 10485760 kB\nMemAvailable: 4194304 kB\nSwapTotal: 10485760 kB\n",
              "proc/meminfo");
  CHECK(look(108) == Pressure::kNone);  // nobody has waited meanwhile
  wait("9000000");
  CHECK(look(112) == Pressure::kShort);
}

TEST_CASE("a moment without memory gives nothing up, two in a row do") {
  PressureJudge judge;
  Instant now{};
  CHECK_FALSE(judge.wants_room(now, Pressure::kShort));
  CHECK_FALSE(judge.wants_room(now, Pressure::kNone));
  CHECK_FALSE(judge.wants_room(now, Pressure::kShort));
  CHECK(judge.wants_room(now, Pressure::kShort));
}

TEST_CASE(
    "between two things that are given up there is time, and it goes on until there is room") {
  PressureJudge judge;
  Instant now{};
  judge.wants_room(now, Pressure::kShort);
  CHECK(judge.wants_room(now, Pressure::kShort));
  judge.gave(now);
  now += PressureJudge::kPause - seconds(1);
  CHECK_FALSE(judge.wants_room(now, Pressure::kShort));
  now += seconds(1);
  CHECK(judge.wants_room(now, Pressure::kSome));  // not over yet
  CHECK_FALSE(judge.wants_room(now, Pressure::kNone));
  CHECK_FALSE(judge.wants_room(now, Pressure::kSome));
  CHECK_FALSE(judge.wants_room(now, Pressure::kShort));
}
