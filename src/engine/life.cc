#include "engine/life.h"

#include "io/race.h"

namespace corral::engine {
namespace {

// Between the second request to stop and SIGKILL.
constexpr Duration kSecondGrace = seconds(1);
// For a line to fit into a pipe that nobody may be reading.
constexpr Duration kAskLimit = milliseconds(200);

}  // namespace

io::Task<void> Engine::read_out(Life& life) {
  while (true) {
    const std::span<char> buffer = life.out_buffer;
    const Result<std::size_t> count = co_await life.process.out().read(buffer);
    if (!count.has_value() || *count == 0) break;
    const std::string_view bytes(life.out_buffer.data(), *count);
    if (!spec_.worker) {
      log_.append(bytes);
      continue;
    }
    const WorkerOutput::Read read = life.words.push(bytes);
    log_.append(read.text);
    for (const WorkerWord& word : read.words) hear(life, word);
  }
  log_.append(life.words.finish());
  life.out_over.set();
}

io::Task<void> Engine::read_err(Life& life) {
  while (true) {
    const std::span<char> buffer = life.err_buffer;
    const Result<std::size_t> count = co_await life.process.err().read(buffer);
    if (!count.has_value() || *count == 0) break;
    log_.append(std::string_view(life.err_buffer.data(), *count));
  }
  life.err_over.set();
}

// Asks, asks again, kills. llama-server can lose the first request, and takes the second SIGTERM
// as an order to leave at once. A command's guard passes SIGTERM on to the whole group.
io::Task<void> Engine::end_process(Life& life) {
  io::Process& process = life.process;
  bool gone = process.exited().is_set();
  if (!gone) {
    if (spec_.worker) {
      io::Task<Result<void>> ask = process.in().write(kExitCommand);
      co_await io::with_timeout(loop_, kAskLimit, std::move(ask), "the pipe is full");
    } else {
      process.signal(SIGTERM);
    }
    gone = co_await process.exited().wait_for(spec_.stop_grace);
  }
  if (!gone) {
    process.signal(SIGTERM);
    gone = co_await process.exited().wait_for(kSecondGrace);
  }
  if (!gone) process.signal_group(SIGKILL);
  co_await process.exited().wait();
  process.signal_group(SIGKILL);
}

}  // namespace corral::engine
