#include "gateway/memory_watch.h"

#include <cstdio>
#include <utility>

#include "base/log.h"

namespace corral::gateway {

MemoryWatch::MemoryWatch(io::Loop& loop, World world, Duration every)
    : loop_(loop), world_(std::move(world)), every_(every), watching_(watch()) {
  watching_.start();
}

MemoryWatch::~MemoryWatch() { watching_.cancel(); }

io::Task<void> MemoryWatch::watch() {
  engine::PressureJudge judge;
  while (true) {
    co_await io::sleep(loop_, every_);
    if (!world_.any_runs()) {
      judge = {};
      continue;
    }
    const Instant now = loop_.now();
    if (!judge.wants_room(now, world_.look(now))) continue;
    const std::string model = world_.unload_one();
    if (model.empty()) continue;
    judge.gave(now);
    log_warn(model + ": unloaded because the machine is short of memory (" + world_.numbers() +
             ") and nobody uses it");
  }
}

std::string words_of(const engine::MemorySample& sample) {
  constexpr double kGiB = 1024.0 * 1024 * 1024;
  char text[160];
  std::snprintf(
      text, sizeof text,
      "%.1f GiB of %.1f GiB are available, programs waited for memory %.0f %% of the time",
      static_cast<double>(sample.available_bytes) / kGiB,
      static_cast<double>(sample.ram_bytes) / kGiB, 100 * sample.stalled);
  return text;
}

}  // namespace corral::gateway
