// Thousands of random worlds: models, engines that take their time, fail and die, clients that come
// and go, people who unload, machines that sleep and run short of memory. After every event the
// Ledger checks all promises. A world is a function of its seed alone; one that breaks a promise is
// run again and told event by event on stderr.
#include <doctest/doctest.h>

#include <csignal>
#include <cstdio>
#include <queue>
#include <random>
#include <string>

#include "scheduler/scheduler.h"
#include "scheduler/simulation_ledger.h"

using namespace corral;
using namespace corral::scheduler;

namespace {

constexpr Bounds kBounds = {
    .check = milliseconds(300), .start = seconds(4), .serve = seconds(3), .stop = seconds(2)};

// Numbers from a seed, the same with every standard library.
class Random {
 public:
  explicit Random(std::uint64_t seed) : engine_(seed) {}
  std::uint64_t below(std::uint64_t end) { return engine_() % end; }
  bool chance(int percent) { return below(100) < static_cast<std::uint64_t>(percent); }
  Duration up_to(Duration most) {
    const auto count = std::chrono::duration_cast<milliseconds>(most).count();
    return milliseconds(below(static_cast<std::uint64_t>(count) + 1));
  }
  template <class T>
  T one_of(std::initializer_list<T> values) {
    return values.begin()[below(values.size())];
  }

 private:
  std::mt19937_64 engine_;
};

// What kind of world it is.
struct Climate {
  explicit Climate(Random& random)
      : limits{.patience = random.one_of<Duration>(
                   {Duration(0), milliseconds(500), seconds(2), seconds(5)}),
               .breaking_failures = random.one_of<std::size_t>({2, 5, 5}),
               .failure_window = random.one_of<Duration>({seconds(20), std::chrono::minutes(5)}),
               .trial_after = random.one_of<Duration>({seconds(3), seconds(30)}),
               .proving_time = random.one_of<Duration>({seconds(3), seconds(60)}),
               .proving_requests = random.one_of<std::size_t>({1, 3}),
               .outliving = random.one_of<Duration>({Duration(0), seconds(1)}),
               .seed = random.below(1000) + 1},
        arrivals(random.chance(3) ? 600 : 20 + static_cast<int>(random.below(50))),
        pause(random.one_of(
            {milliseconds(40), milliseconds(200), milliseconds(800), milliseconds(4000)})),
        hot_percent(random.one_of({0, 50, 90})),
        cancel_percent(random.one_of({0, 10, 40})),
        unfit_percent(random.one_of({0, 0, 10, 60})),
        failure_percent(random.one_of({0, 0, 10, 50})),
        death_percent(random.one_of({0, 0, 20, 80})),
        unload_percent(random.one_of({0, 0, 2, 10})),
        crossing_percent(random.one_of({0, 10, 50})),
        suspend_percent(random.one_of({0, 0, 3, 15})),
        short_percent(random.one_of({0, 0, 3, 15})),
        shuts_down(random.chance(30)) {
    const std::size_t count = 2 + random.below(5);
    const int keep_percent = random.one_of({0, 50});
    for (std::size_t i = 0; i < count; ++i) {
      rules.push_back({.id = std::string(1, static_cast<char>('a' + i)),
                       .max_in_flight = 1 + random.below(4),
                       .max_waiting = random.one_of<std::size_t>({1, 4, 20, 200}),
                       .ttl = random.one_of<Duration>(
                           {Duration(0), Duration(0), milliseconds(1), seconds(2), seconds(10)}),
                       .keep = random.chance(keep_percent)});
    }
  }

  Limits limits;
  int arrivals;        // how many requests come before the world grows quiet
  Duration pause;      // at most, between two of them
  int hot_percent;     // of requests are for the first model
  int cancel_percent;  // of clients go before they are served
  int unfit_percent;   // of checks find that a start cannot work
  int failure_percent, death_percent;
  int unload_percent;    // a request
  int crossing_percent;  // engine events that come late, twice or as something else
  int suspend_percent;   // a request
  int short_percent;     // a request: memory is short
  bool shuts_down;
  std::vector<ModelRule> rules;
};

class Simulation {
 public:
  Simulation(std::uint64_t seed, bool traced)
      : traced_(traced),
        random_(seed),
        climate_(random_),
        scheduler_(climate_.rules, std::make_unique<OneAtATime>(), climate_.limits),
        ledger_(climate_.rules, climate_.limits, kBounds),
        engines_(climate_.rules.size()) {}

  // Runs until nothing happens any more. The first broken promise, or nothing.
  std::string run() {
    after(Duration(0), {.kind = Kind::kArrive});
    while (ledger_.broken().empty()) {
      const auto tick = scheduler_.next_tick();
      if (coming_.empty() && !tick) break;
      if (tick && (coming_.empty() || *tick < coming_.top().at)) {
        now_ = *tick;
        ledger_.ticked(now_);
        scheduler_.tick(now_);
        settle("tick");
      } else {
        const Event event = coming_.top();
        coming_.pop();
        now_ = event.at;
        happen(event);
      }
      if (++events_ > 100000) return "the world never comes to rest";
    }
    if (ledger_.broken().empty()) ledger_.finished();
    if (ledger_.broken().empty() && climate_.shuts_down && !scheduler_.all_stopped()) {
      return "an engine still runs after shutting down";
    }
    return ledger_.broken();
  }

  std::size_t events() const { return events_; }

 private:
  enum class Kind {
    kArrive,
    kLeave,
    kServed,
    kChecked,
    kReady,
    kFail,
    kDie,
    kStopped,
    kUnload,
    kShutDown,
    kSuspend,
    kResume,
    kMemoryShort
  };

  struct Event {
    Kind kind;
    ModelIndex model = 0;
    RequestId request = 0;
    std::uint64_t run = 0;  // of the engine; an event of an earlier run is void
    Instant at{};
    std::uint64_t number = 0;
    bool operator<(const Event& other) const {  // the top of the queue is the earliest
      return at != other.at ? at > other.at : number > other.number;
    }
  };

  void after(Duration time, Event event) {
    event.at = now_ + time;
    event.number = ++number_;
    coming_.push(event);
  }

  void happen(const Event& event) {
    switch (event.kind) {
      case Kind::kArrive: return arrive();
      case Kind::kLeave:
      case Kind::kServed: return end(event.request, event.kind == Kind::kLeave);
      case Kind::kChecked: return checked(event.model);
      case Kind::kUnload: return unload();
      case Kind::kShutDown: return shut_down();
      case Kind::kSuspend: return suspend();
      case Kind::kResume: return resume();
      case Kind::kMemoryShort: return memory_short();
      case Kind::kReady:
      case Kind::kFail:
      case Kind::kDie:
      case Kind::kStopped:
        if (event.run == engines_[event.model]) engine_event(event.kind, event.model);
    }
  }

  void arrive() {
    const std::size_t count = climate_.rules.size();
    const ModelIndex model = random_.chance(climate_.hot_percent) ? 0 : random_.below(count);
    ask(model, false);
    if (random_.chance(climate_.unload_percent)) {
      after(random_.up_to(climate_.pause), {.kind = Kind::kUnload});
    }
    if (random_.chance(climate_.suspend_percent)) {
      after(random_.up_to(climate_.pause), {.kind = Kind::kSuspend});
    }
    if (random_.chance(climate_.short_percent)) {
      after(random_.up_to(seconds(5)), {.kind = Kind::kMemoryShort});
    }
    if (--climate_.arrivals > 0) {
      after(random_.up_to(climate_.pause), {.kind = Kind::kArrive});
    } else if (climate_.shuts_down) {
      after(random_.up_to(seconds(20)), {.kind = Kind::kShutDown});
    }
  }

  void ask(ModelIndex model, bool replay) {
    const RequestId id = ledger_.next_id();
    ledger_.asked(now_, model, replay);
    scheduler_.request(now_, id, model, replay);
    settle(replay ? "replay" : "request", model, id);
    if (random_.chance(climate_.cancel_percent)) {
      after(random_.up_to(seconds(8)), {.kind = Kind::kLeave, .request = id});
    }
  }

  // Said also of requests that have ended already: both may be said twice.
  void end(RequestId id, bool leaves) {
    ledger_.over(now_, id);
    scheduler_.done(now_, id);
    settle(leaves ? "cancel" : "done", climate_.rules.size(), id);
  }

  void unload() {
    std::vector<ModelIndex> which = {random_.below(climate_.rules.size())};
    if (random_.chance(20)) {
      which.clear();
      for (ModelIndex model = 0; model < climate_.rules.size(); ++model) which.push_back(model);
      ledger_.unloaded(now_, which, false);
      scheduler_.unload_all(now_);
      return settle("unload all");
    }
    ledger_.unloaded(now_, which, false);
    scheduler_.unload(now_, which[0]);
    settle("unload", which[0]);
  }

  void shut_down() {
    std::vector<ModelIndex> all;
    for (ModelIndex model = 0; model < climate_.rules.size(); ++model) all.push_back(model);
    ledger_.unloaded(now_, all, true);
    scheduler_.shut_down(now_);
    settle("shut down");
    ask(0, false);
  }

  void suspend() {
    std::vector<std::vector<RequestId>> served;
    for (ModelIndex model = 0; model < climate_.rules.size(); ++model) {
      served.push_back(ledger_.served_by(model));
    }
    ledger_.suspended(now_);
    scheduler_.suspend(now_);
    settle("suspend");
    after(random_.up_to(seconds(20)), {.kind = Kind::kResume});
    for (ModelIndex model = 0; model < served.size(); ++model) lose(served[model], model);
  }

  void resume() {
    ledger_.resumed(now_);
    scheduler_.resume(now_);
    settle("resume");
  }

  void memory_short() {
    ledger_.memory_short(now_);
    scheduler_.memory_short(now_);
    settle("memory short");
  }

  void checked(ModelIndex model) {
    const bool unfit = random_.chance(climate_.unfit_percent);
    if (unfit) {
      ledger_.checked(now_, model, Code::kNotFound);
      scheduler_.checked(now_, model, Error{Code::kNotFound, "the file is gone"});
    } else {
      ledger_.checked(now_, model, std::nullopt);
      scheduler_.checked(now_, model, std::nullopt);
    }
    settle(unfit ? "unfit" : "fit", model);
  }

  void engine_event(Kind kind, ModelIndex model) {
    if (kind == Kind::kReady) {
      ledger_.ready(now_, model);
      scheduler_.ready(now_, model);
      settle("ready", model);
      const bool still = ledger_.phase(model) == Phase::kReady;
      if (still && climate_.arrivals > 0 && random_.chance(climate_.death_percent)) {
        after(random_.up_to(seconds(15)),
              {.kind = Kind::kDie, .model = model, .run = engines_[model]});
      }
    } else if (kind == Kind::kFail) {
      const Code code = random_.chance(20) ? Code::kTimeout : Code::kIo;
      ledger_.start_failed(now_, model, code);
      scheduler_.start_failed(now_, model, {code, "the file is broken, or takes too long"});
      settle("start failed", model);
    } else if (kind == Kind::kStopped) {
      ledger_.stopped(now_, model);
      if (!crossing()) {
        scheduler_.stopped(now_, model);
      } else {
        scheduler_.died(now_, model, {Code::kIo, "it died while it stopped"});
      }
      settle("stopped", model);
    } else {
      die(model);
    }
    if (crossing()) stray_event(model);
  }

  void die(ModelIndex model) {
    const std::vector<RequestId> served = ledger_.served_by(model);
    ++engines_[model];
    ledger_.died(now_, model);
    scheduler_.died(now_, model, {Code::kClosed, "it died"});
    settle("died", model);
    lose(served, model);
  }

  // The engine that served them has ended.
  void lose(const std::vector<RequestId>& served, ModelIndex model) {
    for (const RequestId id : served) {
      if (random_.chance(30)) continue;  // its end is told later, when it would have been served
      const bool again = random_.chance(50);
      end(id, false);
      if (again) ask(model, true);
    }
  }

  // An event that does not fit the phase and must change nothing.
  void stray_event(ModelIndex model) {
    ledger_.ticked(now_);
    const Phase phase = ledger_.phase(model);
    if (phase == Phase::kStopped) scheduler_.start_failed(now_, model, {Code::kIo, "late"});
    if (phase != Phase::kStarting) scheduler_.ready(now_, model);
    if (phase != Phase::kStopping) scheduler_.stopped(now_, model);
    if (!ledger_.checking(model)) scheduler_.checked(now_, model, Error{Code::kIo, "late"});
    settle("stray events", model);
  }

  bool crossing() { return random_.chance(climate_.crossing_percent); }

  // Tells what happened, then carries out and checks what was decided.
  void settle(const char* event, ModelIndex model = ~ModelIndex{0}, RequestId id = ~RequestId{0}) {
    note(event, model, id);
    for (const Decision& decision : scheduler_.take()) {
      ledger_.decided(decision);
      carry_out(decision);
    }
    ledger_.settled(scheduler_);
  }

  void carry_out(const Decision& decision) {
    const ModelIndex model = decision.model;
    switch (decision.kind) {
      case Decision::Kind::kGrant:
        note("  grant", model, decision.request);
        after(random_.up_to(kBounds.serve), {.kind = Kind::kServed, .request = decision.request});
        return;
      case Decision::Kind::kRefuse: return note("  refuse", model, decision.request);
      case Decision::Kind::kCheck:
        note("  check", model);
        after(random_.up_to(kBounds.check), {.kind = Kind::kChecked, .model = model});
        return;
      case Decision::Kind::kStart: {
        note("  start", model);
        const bool fails = random_.chance(climate_.failure_percent);
        after(
            random_.up_to(kBounds.start),
            {.kind = fails ? Kind::kFail : Kind::kReady, .model = model, .run = ++engines_[model]});
        return;
      }
      case Decision::Kind::kStop:
        note("  stop", model);
        after(random_.up_to(kBounds.stop),
              {.kind = Kind::kStopped, .model = model, .run = ++engines_[model]});
    }
  }

  void note(const char* what, ModelIndex model = ~ModelIndex{0}, RequestId id = ~RequestId{0}) {
    if (!traced_) return;
    const auto time = std::chrono::duration_cast<milliseconds>(now_.time_since_epoch());
    std::string line = std::to_string(time.count()) + " ms  " + what;
    if (model < climate_.rules.size()) line += " " + climate_.rules[model].id;
    if (id != ~RequestId{0}) line += " #" + std::to_string(id);
    line += '\n';
    std::fputs(line.c_str(), stderr);
  }

  const bool traced_;
  Random random_;
  Climate climate_;
  Scheduler scheduler_;
  Ledger ledger_;
  std::vector<std::uint64_t> engines_;  // the run of each model's engine
  std::priority_queue<Event> coming_;
  std::uint64_t number_ = 0;
  std::size_t events_ = 0;
  Instant now_{};
};

// The world that runs now. A global, because a signal handler has no other way to know it.
std::uint64_t seed_now = 0;

void tell() {
  std::fprintf(stderr, "what happened in the world of seed %llu:\n",
               static_cast<unsigned long long>(seed_now));
  Simulation(seed_now, true).run();
}

// A CHECK of the scheduler aborts. The second run tells its events and aborts at the same place.
void tell_of_abort(int) {
  std::signal(SIGABRT, SIG_DFL);
  tell();
}

}  // namespace

TEST_CASE("in any random world every promise holds after every event") {
  const auto before = std::signal(SIGABRT, tell_of_abort);
  std::size_t events = 0;
  for (seed_now = 1; seed_now <= 6000; ++seed_now) {
    Simulation simulation(seed_now, false);
    const std::string broken = simulation.run();
    events += simulation.events();
    if (broken.empty()) continue;
    tell();
    std::signal(SIGABRT, before);
    FAIL("seed " << seed_now << ": " << broken);
  }
  std::signal(SIGABRT, before);
  CHECK(events > 500000);
}
