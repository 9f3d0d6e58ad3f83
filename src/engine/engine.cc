#include "engine/engine.h"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <csignal>

#include "engine/diagnosis.h"
#include "engine/given_up.h"
#include "engine/guard.h"
#include "engine/health_watch.h"
#include "engine/last_lines.h"
#include "engine/lifecycle.h"
#include "engine/limits.h"
#include "engine/oom_kills.h"
#include "engine/runtime_dir.h"
#include "engine/stranger.h"
#include "io/race.h"

namespace corral::engine {
namespace {

constexpr seconds kSecondGrace{1};
constexpr seconds kGuardGrace{2};  // to kill what is under it
// After death the pipes hold no more than their buffers; whoever keeps one open beyond that has
// left the group and is not ours any more.
constexpr milliseconds kLastOutput{200};
constexpr seconds kOomLook{3};
constexpr std::uint64_t kDiagnosisBytes = 8 * 1024;

}  // namespace

// One process from spawn to death, and what its watchers tell each other. Whatever way it ends,
// nobody of its group is left.
struct Engine::Life {
  Life(Engine& engine, MemoryGroup memory, ProcessLimits held, io::Process child)
      : Life(engine.loop_, engine, std::move(memory), std::move(held), std::move(child)) {}
  Life(io::Loop& loop, Engine& engine, MemoryGroup memory, ProcessLimits held, io::Process child)
      : group(std::move(memory)),
        limits(std::move(held)),
        process(std::move(child)),
        tree{.leader = process.pid(), .guarded = engine.spec_.guarded},
        log_begin(engine.log_.end()),
        oom_kills(engine::oom_kills()),
        start(loop.now(), engine.spec_.start_timeout),
        readiness(loop, engine.client_, engine.spec_, [&engine] { engine.note_loading(); }),
        said_ready(loop),
        over(loop),
        news(loop),
        drained(loop) {}
  ~Life() {
    if (tree.guarded && !exited()) {
      tell_guard_to_end();
    } else if (!group_killed) {
      process.signal_group(SIGKILL);
    }
  }
  // It kills also those that left the group.
  void tell_guard_to_end() {
    process.signal(kEndNow);
    process.signal_group(SIGCONT);
  }
  void kill_group() {
    process.signal_group(SIGKILL);
    group_killed = true;
  }
  bool exited() const { return process.exited().is_set(); }
  // Ends this life, unless `why` is empty. The first reason of several counts.
  void find_stuck(std::string why) {
    if (why.empty() || !stuck.empty()) return;
    stuck = std::move(why);
    over.set();
  }

  const MemoryGroup group;
  const ProcessLimits limits;
  io::Process process;
  const ProcessTree tree;
  const std::uint64_t log_begin;  // where its output begins in the log
  bool was_ready = false;
  bool group_killed = false;
  std::string stuck;                  // why it is, if it is
  std::optional<PortOwner> stranger;  // who answers in its place
  RecentOomKills oom_kills;
  StartClock start;
  Readiness readiness;
  int open_pipes = 2;
  io::Event said_ready;  // a worker's own word
  io::Event over;        // it has exited, or shall stop
  io::Event news;        // that, or it is ready
  io::Event drained;     // both pipes have ended
};

Engine::Engine(io::Loop& loop, http::Client& client, Spec spec,
               std::function<void(Engine&)> on_change)
    : loop_(loop),
      client_(client),
      spec_(std::move(spec)),
      on_change_(std::move(on_change)),
      log_(loop),
      start_(loop),
      stop_(loop),
      recheck_(loop),
      task_(run()) {
  task_.start();
}

Engine::~Engine() { task_.cancel(); }

void Engine::start() {
  if (!alive_) {
    alive_ = true;
    start_.set();
  } else if (stop_.is_set()) {
    again_ = true;
  }
}

void Engine::start_reduced(ReducedSpec reduced) {
  if (!alive_) {
    full_spec_ = std::exchange(spec_, std::move(reduced.spec));
    status_.reduced = reduced.reduction;
  }
  start();
}

void Engine::stop(StopReason reason) {
  again_ = false;
  if (!alive_ || stop_.is_set()) return;
  stop_reason_ = reason;
  stop_.set();
}

void Engine::set_spec(Spec spec) {
  next_spec_.reset();
  if (!alive_) {
    spec_ = std::move(spec);
  } else if (spec != full_spec_.value_or(spec_)) {
    next_spec_ = std::move(spec);
  }
}

void Engine::refuse(Failure failure) {
  CHECK(!alive_);
  status_.last_error = std::move(failure);
  enter(State::kFailed);
}

void Engine::enter(State state) {
  CHECK(may_follow(status_.state, state));
  status_.state = state;
  if (state != State::kLoading) {
    status_.progress = 0;
    status_.stage.clear();
  }
  const bool runs = state == State::kReady || state == State::kSleeping;
  if (!runs) {
    status_.ready_since.reset();
    status_.health = Health::kUnknown;
  } else if (!status_.ready_since) {
    status_.ready_since = loop_.now();
  }
  if (on_change_) on_change_(*this);
}

io::Task<void> Engine::run() {
  while (true) {
    co_await start_.wait();
    start_.clear();
    if (status_.stop_reason == StopReason::kCrash) ++status_.restarts;
    std::optional<Failure> failure = co_await live();
    status_.pid = 0;
    status_.memory_bytes = 0;
    status_.limits.clear();
    status_.stop_reason = failure ? StopReason::kCrash : stop_reason_;
    const bool failed = failure.has_value();
    if (failed) {
      failure->at = std::chrono::system_clock::now();
      status_.last_error = std::move(failure);
    }
    stop_.clear();
    if (full_spec_) spec_ = std::move(*full_spec_);
    if (next_spec_) spec_ = std::move(*next_spec_);
    full_spec_.reset();
    next_spec_.reset();
    status_.reduced.reset();
    alive_ = std::exchange(again_, false);
    if (alive_) start_.set();
    enter(failed ? State::kFailed : State::kStopped);
  }
}

// From the wish to start to the end. Nothing: it has stopped as asked.
io::Task<std::optional<Failure>> Engine::live() {
  enter(State::kStarting);
  if (stop_.is_set()) {
    enter(State::kStopping);
    co_return std::nullopt;
  }
  // An engine does not remove its own socket.
  const std::string socket = spec_.worker ? spec_.address.unix_path : "";
  const Result<void> prepared = socket.empty() ? Result<void>{} : prepare_socket(socket);
  if (!prepared.has_value()) {
    co_return Failure{.cause = Cause::kNoResources, .message = prepared.error().message};
  }
  MemoryGroup group = make_memory_group(spec_.model, spec_.limits);
  ProcessLimits limits{.limits = spec_.limits, .memory_group = group.path()};
  Result<io::Process> process = io::Process::spawn(loop_, with_limits(spec_.command, limits));
  if (!process.has_value()) {
    co_return Failure{.cause = process.error().code == Code::kNotFound ? Cause::kNotExecutable
                                                                       : Cause::kNoResources,
                      .message = process.error().message};
  }
  status_.pid = spec_.guarded ? 0 : process->pid();
  status_.limits = limits_in_words(limits);
  Life life(*this, std::move(group), std::move(limits), std::move(*process));
  std::optional<Failure> failure = co_await live_with(life);
  note_exit(life);
  if (!socket.empty()) ::unlink(socket.c_str());
  client_.forget(spec_.address);
  if (failure && status_.last_exit) status_.last_exit->cause = to_string(failure->cause);
  co_return failure;
}

io::Task<std::optional<Failure>> Engine::live_with(Life& life) {
  io::Task<void> out = drain(life, life.process.out(), spec_.worker);
  io::Task<void> err = drain(life, life.process.err(), false);
  io::Task<void> report = hear_guard(life);
  io::Task<void> exit = io::relay(life.process.exited(), life.over);
  io::Task<void> stop = io::relay(stop_, life.over);
  io::Task<void> over = io::relay(life.over, life.news);
  io::Task<void> kills = watch_oom_kills(life);
  io::Task<void> readiness = become_ready(life);
  for (io::Task<void>* task : {&out, &err, &report, &exit, &stop, &over, &kills, &readiness}) {
    task->start();
  }

  std::optional<Failure> failure;
  const bool in_time = co_await wait_in_time(loop_, life.news, life.start, life.tree);
  readiness.cancel();
  if (!in_time) {
    failure = too_late(spec_, life.start, loop_.now(), life.readiness, last_lines(output_of(life)));
  } else if (!life.over.is_set()) {
    life.was_ready = true;
    if (spec_.ready_token) status_.health = Health::kHealthy;
    enter(State::kReady);
    io::Task<void> watch = watch_over(life);
    watch.start();
    co_await life.over.wait();
    if (!life.stuck.empty()) failure = stuck(spec_, life.stuck, last_lines(output_of(life)));
  }
  if (life.stranger) failure = answered_by(spec_, *life.stranger, last_lines(output_of(life)));
  const bool by_itself = life.exited() && !stop_.is_set();
  if (!by_itself) {
    enter(State::kStopping);
    co_await end_process(life);
  }
  life.kill_group();
  co_await life.drained.wait_for(kLastOutput);
  if (by_itself && !life.stranger) {
    Failure end = died(life);
    co_await name_port_owner(loop_, spec_, end);
    co_return end;
  }
  if (stop_.is_set()) co_return std::nullopt;
  co_return failure;
}

io::Task<void> Engine::become_ready(Life& life) {
  if (spec_.worker) {
    co_await life.said_ready.wait();
    // It is in a folder that nobody else can enter; this is the second lock.
    ::chmod(spec_.address.unix_path.c_str(), S_IRUSR | S_IWUSR);
  }
  co_await life.readiness.answers();
  std::optional<PortOwner> stranger = co_await find_stranger(loop_, spec_, life.tree.leader);
  if (stranger) {
    life.stranger = std::move(stranger);
    life.over.set();
    co_return;
  }
  co_await life.readiness.token();
  life.news.set();
}

void Engine::note_loading() {
  if (status_.state == State::kStarting) enter(State::kLoading);
}

// Ends the life of a stuck engine.
io::Task<void> Engine::watch_over(Life& life) {
  HealthWatch watch(loop_, client_, spec_, load_, status_, life.tree);
  recheck_.clear();
  io::Task<void> rechecking = recheck_when_asked(life, watch);
  rechecking.start();
  while (life.stuck.empty()) {
    HealthWatch::Report report = co_await watch.next();
    status_.memory_bytes = report.memory_bytes;
    if (std::exchange(status_.health, report.health) != report.health) enter(status_.state);
    life.find_stuck(std::move(report.stuck));
  }
}

// So often that few kills of others, long before its end, are taken for its own.
io::Task<void> Engine::watch_oom_kills(Life& life) {
  while (true) {
    co_await io::sleep(loop_, kOomLook);
    life.oom_kills.see(oom_kills(), loop_.now());
  }
}

io::Task<void> Engine::recheck_when_asked(Life& life, HealthWatch& watch) {
  while (life.stuck.empty()) {
    co_await recheck_.wait();
    recheck_.clear();
    std::string why = co_await watch.ask_now();
    life.find_stuck(std::move(why));
  }
}

// Returns when the kernel has reported the end. A command is asked, and asked again, since
// llama-server can lose the first SIGTERM in several ways. A worker has nothing to put in order:
// all that it holds is memory, and asked politely it takes 120 ms that the next model waits for.
// One that is stuck listens to nobody.
io::Task<void> Engine::end_process(Life& life) {
  io::Process& process = life.process;
  const bool listens = !spec_.worker && life.stuck.empty();
  const std::array<Duration, 2> patience = {spec_.stop_grace, kSecondGrace};
  for (std::size_t i = 0; listens && i < patience.size(); ++i) {
    process.signal(SIGTERM);
    process.signal_group(SIGCONT);  // a stopped process can obey only when it goes on
    const bool gone = co_await process.exited().wait_for(patience[i]);
    if (gone) co_return;
  }
  if (spec_.guarded) {
    life.tell_guard_to_end();
    const bool gone = co_await process.exited().wait_for(kGuardGrace);
    if (gone) co_return;
  }
  process.signal_group(SIGKILL);
  co_await process.exited().wait();
}

// The guard tells the command's own process id as soon as there is one.
io::Task<void> Engine::hear_guard(Life& life) {
  if (!spec_.guarded) co_return;
  io::Stream& guard = life.process.in();
  guard.begin();
  std::array<char, 32> buffer;
  std::string line;
  while (!line.ends_with('\n') && line.size() < buffer.size()) {
    const Result<std::size_t> count = co_await guard.read(buffer);
    if (!count.has_value() || *count == 0) co_return;
    line.append(buffer.data(), *count);
  }
  if (!life.exited()) status_.pid = parse_guard_report(line).value_or(0);
}

// Reads to the end whatever happens meanwhile.
io::Task<void> Engine::drain(Life& life, io::Stream& pipe, bool hears_words) {
  std::array<char, 16 * 1024> buffer;
  WorkerOutput worker;
  while (true) {
    const Result<std::size_t> count = co_await pipe.read(buffer);
    if (!count.has_value() || *count == 0) break;
    const std::string_view bytes(buffer.data(), *count);
    if (!hears_words) {
      log_.append(bytes);
      continue;
    }
    const WorkerOutput::Read read = worker.push(bytes);
    log_.append(read.text);
    for (const WorkerWord& word : read.words) hear(life, word);
  }
  log_.append(worker.finish());
  --life.open_pipes;
  if (life.open_pipes == 0) life.drained.set();
}

void Engine::hear(Life& life, const WorkerWord& word) {
  const State state = status_.state;
  const bool starts = state == State::kStarting || state == State::kLoading;
  const bool runs = state == State::kReady || state == State::kSleeping;
  switch (word.kind) {
    case WorkerWord::Kind::kLoading:
      if (!starts) return;  // a sleeping one that wakes
      if (word.progress != status_.progress || word.stage != status_.stage) {
        life.start.note_word(loop_.now());
      }
      status_.progress = word.progress;
      status_.stage = word.stage;
      enter(State::kLoading);
      return;
    case WorkerWord::Kind::kReady:
      if (starts) life.start.note_word(loop_.now());
      life.said_ready.set();
      if (state == State::kSleeping) enter(State::kReady);
      return;
    case WorkerWord::Kind::kSleeping:
      if (runs) enter(State::kSleeping);
      return;
  }
}

void Engine::note_exit(const Life& life) {
  if (!life.exited()) return;
  const io::Exit exit = life.process.exit();
  status_.last_exit = LastExit{.code = exit.code,
                               .signal = exit.signal,
                               .cause = "asked",
                               .at = std::chrono::system_clock::now()};
}

// What the engine printed last in this life.
std::string Engine::output_of(const Life& life) const {
  const std::uint64_t end = log_.end();
  const std::uint64_t begin =
      std::max(life.log_begin, end > kDiagnosisBytes ? end - kDiagnosisBytes : 0);
  return log_.from(begin);
}

Failure Engine::died(Life& life) const {
  life.oom_kills.see(oom_kills(), loop_.now());
  const io::Exit exit = life.process.exit();
  const bool by_group = life.group.has_killed();
  Failure failure = diagnose(End{.model = spec_.model,
                                 .worker = spec_.worker,
                                 .was_ready = life.was_ready,
                                 .exit = exit,
                                 .output = output_of(life),
                                 .memory_limited = spec_.limits.memory_bytes != 0,
                                 .oom_kills = by_group || life.oom_kills.any(loop_.now())});
  // A limit of each process refuses memory, and kills nobody.
  if (by_group || exit.signal != SIGKILL) name_limit(life.limits, failure);
  return failure;
}

}  // namespace corral::engine
