// SleepWatch: what becomes of engines when the machine sleeps (config::OnSleep).
//
// That it has slept is seen by comparing two clocks, every few seconds, wherever Corral runs. On
// Linux logind also says so before and after, over the system's message bus; `stop` needs that, and
// holds the sleep up until the engines are gone, for at most five seconds. Nobody else on the bus
// is obeyed, and engines come back also where logind falls silent after it announced a sleep. Where
// there is no bus, nothing is missing but that; it is looked for again now and then.
//
// Loop thread only.
#pragma once

#include <string>

#include "config/config.h"
#include "dbus/bus.h"
#include "gateway/conductor.h"
#include "gateway/sleep_clock.h"

namespace corral::gateway {

class SleepWatch {
 public:
  // Begins at once. The loop and the conductor outlive it.
  SleepWatch(io::Loop& loop, Conductor& conductor, config::OnSleep policy, std::string bus_address);
  ~SleepWatch();
  SleepWatch(const SleepWatch&) = delete;
  SleepWatch& operator=(const SleepWatch&) = delete;

 private:
  io::Task<void> compare_clocks();
  io::Task<void> listen();
  io::Task<Result<void>> follow(dbus::Bus& bus);
  io::Task<Result<Descriptor>> hold_up(dbus::Bus& bus);
  io::Task<void> before_sleep();
  void after_sleep();
  void bring_back();

  io::Loop& loop_;
  Conductor& conductor_;
  const config::OnSleep policy_;
  const std::string bus_address_;
  SleepClock clock_;
  bool suspended_ = false;  // by us
  bool heard_ = false;      // logind will tell, or would have
  io::Task<void> comparing_;
  io::Task<void> listening_;
};

}  // namespace corral::gateway
