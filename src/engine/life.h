// Engine::Life: one process from spawn to the kernel's word on its end. Private to the engine.
#pragma once

#include <array>
#include <csignal>

#include "engine/engine.h"

namespace corral::engine {

struct Engine::Life {
  Life(io::Loop& loop, io::Process started, std::uint64_t log_from)
      : process(std::move(started)),
        said_ready(loop),
        ready(loop),
        out_over(loop),
        err_over(loop),
        log_begin(log_from) {}
  Life(const Life&) = delete;
  Life& operator=(const Life&) = delete;
  // However the life is left, nothing of its group stays.
  ~Life() { process.signal_group(SIGKILL); }

  io::Process process;
  WorkerOutput words;
  io::Event said_ready;           // a worker: on its stdout
  io::Event ready;                // and it has answered
  io::Event out_over;             // stdout has ended
  io::Event err_over;             // stderr has ended
  const std::uint64_t log_begin;  // where this life begins in the log
  std::array<char, 16 * 1024> out_buffer;
  std::array<char, 16 * 1024> err_buffer;
};

}  // namespace corral::engine
