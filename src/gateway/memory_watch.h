// MemoryWatch: where the machine is short of memory (engine/memory_pressure.h), engines that nobody
// uses are unloaded, one after another, until it is not (config::OnMemoryPressure). Which one goes
// is the scheduler's word. It looks every few seconds, and only while an engine runs.
//
// Loop thread only.
#pragma once

#include <functional>
#include <string>

#include "engine/memory_pressure.h"
#include "io/loop.h"
#include "io/task.h"

namespace corral::gateway {

class MemoryWatch {
 public:
  struct World {
    std::function<bool()> any_runs;                     // whether any engine does
    std::function<engine::Pressure(Instant now)> look;  // asks the system
    std::function<std::string()> numbers;               // of the last look, for the log
    // Unloads one engine that nobody uses: its model, or nothing if there is none.
    std::function<std::string()> unload_one;
  };

  // Begins at once, and looks so often. The loop outlives it, and what the world's functions refer
  // to does.
  MemoryWatch(io::Loop& loop, World world, Duration every = seconds(3));
  ~MemoryWatch();
  MemoryWatch(const MemoryWatch&) = delete;
  MemoryWatch& operator=(const MemoryWatch&) = delete;

 private:
  io::Task<void> watch();

  io::Loop& loop_;
  const World world_;
  const Duration every_;
  io::Task<void> watching_;
};

// "0.7 GiB of 16.0 GiB are available, programs waited for memory 12 % of the time".
std::string words_of(const engine::MemorySample& sample);

}  // namespace corral::gateway
