// Whether this machine is short of memory: so short that what nobody needs now should be given
// back.
//
// Linux tells it in two ways, and either is enough:
//   - hardly anything is available (MemAvailable, or what the limit of our control group leaves):
//     less than a twentieth of all memory, swap left aside, or than 1 GiB where that is less. Then
//     whoever asks for more makes the system swap, or kill;
//   - programs wait for memory (/proc/pressure/memory, "some") for a tenth of the time or more:
//     pages that are needed are read again and again. Only while less than half is available: a
//     program that its own limit holds back is no reason to stop ours, and weights that are mapped
//     count as available by about half. The kernels of older systems do not tell it.
// macOS has a level of its own for it, and asks programs from "warning" on to give memory back.
//
// Blocks for some microseconds on files that the kernel makes up. One thread at a time.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/time.h"

namespace corral::engine {

enum class Pressure {
  kNone,
  kSome,   // not short, and not far from it
  kShort,  // what is not needed should go
};

struct MemorySample {
  std::uint64_t ram_bytes = 0;  // all there is without swap; 0: not known
  std::uint64_t available_bytes = 0;
  double stalled = 0;  // of the time since the last sample, some program waited for memory; 0 to 1
};

// The rule above; kSome is up to half as much again available, and half as much waiting.
Pressure pressure_of(const MemorySample& sample);

// How long some program has waited for memory since the system runs: "total=" of the line "some".
std::optional<Duration> stalled_in(std::string_view pressure_file);

// Asks the system. Shares of time are those since the look before.
struct MemoryGauge {
  Pressure look(Instant now);
  // The same from files below `root` instead of "/", for tests (Linux alone).
  Pressure look_below(const std::string& root, Instant now);

  // Of the last look.
  MemorySample sample{};
  Instant looked_at{};
  std::optional<Duration> stalled{};  // since the system runs
};

// When to give something up. Two looks in a row that say kShort begin it, so that a moment's need
// costs nothing; it lasts until one says kNone; and after each thing that was given up it waits ten
// seconds, because memory comes back a little after its engine was told to go.
class PressureJudge {
 public:
  // Of a look: whether to give up one thing now. The caller then does so, or says that it cannot.
  bool wants_room(Instant now, Pressure pressure);
  // One was given up now.
  void gave(Instant now) { next_ = now + kPause; }

  static constexpr Duration kPause = seconds(10);

 private:
  bool seen_ = false;   // the last look said kShort
  bool short_ = false;  // it is
  Instant next_{};
};

}  // namespace corral::engine
