#include "engine/engine.h"

#include <unistd.h>

#include <algorithm>

#include "engine/diagnosis.h"
#include "engine/guard.h"
#include "engine/life.h"
#include "io/race.h"

namespace corral::engine {
namespace {

constexpr Duration kFirstProbe = milliseconds(1);
constexpr Duration kSlowestProbe = milliseconds(100);
constexpr Duration kProbeLimit = seconds(2);
// After the process is gone: for the rest of what it printed, which a grandchild may hold open.
constexpr Duration kLastWords = milliseconds(300);

}  // namespace

std::string_view to_string(State state) {
  switch (state) {
    case State::kStopped: return "stopped";
    case State::kStarting: return "starting";
    case State::kLoading: return "loading";
    case State::kReady: return "ready";
    case State::kSleeping: return "sleeping";
    case State::kStopping: return "stopping";
    case State::kFailed: return "failed";
  }
  return "stopped";
}

Engine::Engine(io::Loop& loop, http::Client& client, Spec spec,
               std::function<void(Engine&)> on_change)
    : loop_(loop),
      client_(client),
      spec_(std::move(spec)),
      on_change_(std::move(on_change)),
      log_(loop),
      start_(loop),
      stop_(loop),
      task_(run()) {
  task_.start();
}

Engine::~Engine() { task_.cancel(); }

void Engine::start() {
  if (!start_.is_set()) {
    start_.set();
  } else if (stop_.is_set()) {
    again_ = true;
  }
}

void Engine::stop() {
  if (!start_.is_set()) return;
  again_ = false;
  stop_.set();
}

void Engine::enter(State state) {
  status_.state = state;
  on_change_(*this);
}

void Engine::finish(State state, std::optional<Error> error) {
  client_.forget(spec_.address);
  if (spec_.worker) ::unlink(spec_.address.unix_path.c_str());
  stop_.clear();
  if (!again_) start_.clear();
  again_ = false;
  status_ = Status{};
  status_.error = std::move(error);
  enter(state);
}

io::Task<void> Engine::run() {
  while (true) {
    co_await start_.wait();
    co_await live();
  }
}

io::Task<void> Engine::live() {
  status_ = Status{};
  enter(State::kStarting);
  if (stop_.is_set()) {
    enter(State::kStopping);
    finish(State::kStopped);
    co_return;
  }
  // A socket that a dead process left would make the new one fail to bind.
  if (spec_.worker) ::unlink(spec_.address.unix_path.c_str());
  Result<io::Process> process = io::Process::spawn(loop_, spec_.command);
  if (!process.has_value()) {
    finish(State::kFailed, process.error());
    co_return;
  }
  Life life(loop_, std::move(*process), log_.end());
  status_.pid = life.process.pid();
  on_change_(*this);
  co_await live_on(life);
}

// From the spawn to the end. Readers and the probe live as long as the process does.
io::Task<void> Engine::live_on(Life& life) {
  io::Task<void> out = read_out(life);
  io::Task<void> err = read_err(life);
  out.start();
  err.start();
  co_await wait_until_ready(life);
  const bool was_ready = life.ready.is_set() && !life.process.exited().is_set() && !stop_.is_set();
  if (was_ready) {
    enter(State::kReady);
    co_await wait_for_end(life);
  }
  if (life.process.exited().is_set() && !stop_.is_set()) {
    co_await life.err_over.wait_for(kLastWords);
    finish(State::kFailed, diagnosis(life));
    co_return;
  }
  const bool asked = stop_.is_set();
  enter(State::kStopping);
  co_await end_process(life);
  if (asked || stop_.is_set()) {
    finish(State::kStopped);
    co_return;
  }
  const auto limit = std::chrono::duration_cast<seconds>(spec_.start_timeout).count();
  std::string message = "the engine of '" + spec_.model + "' was not ready within " +
                        std::to_string(limit) + " s; raise healthCheckTimeout if it needs longer";
  const std::string lines = last_lines(log_.from(life.log_begin));
  if (!lines.empty()) message += ". It said last:\n" + lines;
  finish(State::kFailed, Error{Code::kTimeout, std::move(message)});
}

// Returns when it is ready, has exited, is to stop, or has had its time.
io::Task<void> Engine::wait_until_ready(Life& life) {
  io::Event news(loop_);
  io::Task<void> exited = io::detail::forward(life.process.exited(), news);
  io::Task<void> stopping = io::detail::forward(stop_, news);
  io::Task<void> ready = io::detail::forward(life.ready, news);
  io::Task<void> probing = probe(life);
  exited.start();
  stopping.start();
  ready.start();
  probing.start();
  co_await news.wait_for(spec_.start_timeout);
}

io::Task<void> Engine::wait_for_end(Life& life) {
  io::Event news(loop_);
  io::Task<void> exited = io::detail::forward(life.process.exited(), news);
  io::Task<void> stopping = io::detail::forward(stop_, news);
  exited.start();
  stopping.start();
  co_await news.wait();
}

io::Task<void> Engine::probe(Life& life) {
  if (spec_.worker) co_await life.said_ready.wait();
  Duration pause = kFirstProbe;
  while (!spec_.check_path.empty()) {
    co_await io::sleep(loop_, pause);
    const Result<http::Client::Reply> reply = co_await client_.fetch(
        spec_.address, "GET", spec_.path_prefix + spec_.check_path, {}, "", kProbeLimit);
    if (reply.has_value() && reply->status == 200) break;
    if (reply.has_value() && status_.state == State::kStarting) enter(State::kLoading);
    pause = std::min(pause * 2, kSlowestProbe);
  }
  life.ready.set();
}

void Engine::hear(Life& life, const WorkerWord& word) {
  const State state = status_.state;
  switch (word.kind) {
    case WorkerWord::Kind::kLoading:
      if (state != State::kStarting && state != State::kLoading) return;
      status_.progress = word.progress;
      status_.stage = word.stage;
      enter(State::kLoading);
      return;
    case WorkerWord::Kind::kReady:
      life.said_ready.set();
      if (state == State::kSleeping) enter(State::kReady);
      return;
    case WorkerWord::Kind::kSleeping:
      if (state == State::kReady) enter(State::kSleeping);
      return;
  }
}

Error Engine::diagnosis(const Life& life) const {
  const io::Exit exit = life.process.exit();
  std::string message = "the engine of '" + spec_.model + "' " + describe(exit);
  if (!life.ready.is_set()) message += " before it was ready";
  const std::string lines = last_lines(log_.from(life.log_begin));
  if (!lines.empty()) message += ". It said last:\n" + lines;
  const bool absent = !spec_.worker && exit.signal == 0 && exit.code == kCannotExecute;
  return Error{absent ? Code::kNotFound : Code::kUnavailable, std::move(message)};
}

}  // namespace corral::engine
