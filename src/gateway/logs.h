// Logs: what /logs shows. The gateway's own lines, and the lines of all engines together, each with
// its model in front; every engine keeps its own log besides.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "io/log_ring.h"

namespace corral::gateway {

class Conductor;

class Logs {
 public:
  // Takes over the process's log sink.
  explicit Logs(io::Loop& loop);
  ~Logs();
  Logs(const Logs&) = delete;
  Logs& operator=(const Logs&) = delete;

  // Begins to gather what the engines print. The conductor outlives it, or stop_gathering is
  // called.
  void gather(Conductor& conductor);
  void stop_gathering() { gathering_.clear(); }

  io::LogRing& gateway() { return gateway_; }
  io::LogRing& engines() { return engines_; }

 private:
  io::Task<void> write_soon();
  static io::Task<void> copy_lines(io::LogRing& from, io::LogRing& to, std::string prefix);

  io::Loop& loop_;
  io::LogRing gateway_;
  io::LogRing engines_;
  io::Event unwritten_;  // set while lines wait to be written
  io::Task<void> writing_;
  std::vector<io::Task<void>> gathering_;
};

}  // namespace corral::gateway
