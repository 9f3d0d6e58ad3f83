// Scheduler: decides which engines run, what is evicted, and which requests wait. It is pure:
// events and the time go in, decisions come out; it does no I/O and reads no clock. One thread owns
// it, as it owns all state.
//
// The caller tells every event, and after each one carries out what take() returns, in order. When
// next_tick() has come, it calls tick(). Times passed in never run backwards.
//
//   A request for a ready engine with room is granted at once; others wait, first come first served
//   within a model. The models that wait for their engine are served in the order of their oldest
//   request. A swap waits until the engines that it evicts are idle: a busy engine is never
//   stopped. While one of those is busy, newcomers for it pass, until a request of the waiting
//   model has waited `patience` behind it. From then on newcomers wait too, the engine drains, and
//   the swap goes on. So an engine that has become ready serves all who waited for it, and whoever
//   comes within `patience`, before it must yield; and nobody starves. What an evicted or dead
//   engine leaves waiting lines up behind the models that wait at that moment.
//
//   Before anything is stopped for a model, and before each of its starts, the caller is asked to
//   check whether the start can work at all. A check that fails refuses who waits for the model
//   and leaves everybody else alone; it is no failure in the sense of what follows, and the next
//   request asks for another.
//
//   An engine that fails, at its start or later, is started again for those who wait: at once after
//   the first failure, then after a pause that doubles from one failure to the next. During the
//   pause the model holds no place. Who waits rides through one failed start and is refused with
//   the error of the second that it has seen, or of one that took too long. Too many failures
//   within a window open the breaker: all who wait are refused at once, and so are newcomers, until
//   one that comes after a while is let through as a trial. Failures are forgotten once an engine
//   has been ready for long enough or has served enough requests and outlived them: what crashes in
//   a loop gets there never, or too slowly to hurt.
//
//   An engine that ran may come back although nobody waits for it: after a failure if its rule says
//   `keep`, after resume() if suspend() stopped it. It comes back by the same checks and pauses,
//   only while nobody waits for an engine, and never evicts another: where another runs in its
//   place, or its check fails, it stays stopped until the next request. What was stopped for any
//   other reason does not come back, nor does a model that has not been ready since.
//
//   Where the machine is short of memory, an engine that nobody uses gives its own back.
//
//   While suspended, engines are stopped whoever they serve, nothing is checked or started, and
//   who comes waits.
//
// Engine events that do not fit the phase come from crossings (a stop was ordered while the engine
// became ready) and are tolerated:
//
//                  kStopped   kStarting           kReady       kStopping
//   ready          ignored    becomes ready       ignored      ignored
//   start_failed   ignored    a failure           as died      as stopped
//   died           ignored    as start_failed     a failure    as stopped
//   stopped        ignored    ignored             ignored      becomes stopped
#pragma once

#include <cstdint>
#include <list>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "scheduler/policy.h"

namespace corral::scheduler {

using RequestId = std::uint64_t;  // chosen by the caller, never used twice

struct ModelRule {
  std::string id;
  std::size_t max_in_flight = 1;  // requests in the engine at once, at least 1; more wait here
  std::size_t max_waiting = 1;    // requests that may wait here, at least 1; more are refused
  Duration ttl{0};                // idle for so long, the engine is stopped; zero: never
  bool keep = false;              // after a failure it comes back, also when nobody waits
};

struct Limits {
  // How long a request waits behind another model's busy engine before that admits no newcomers.
  Duration patience = seconds(5);
  // After the second failure in a row, and at most; each pause is up to a fifth longer or shorter,
  // so that several engines do not start in step.
  Duration first_pause = seconds(1);
  Duration longest_pause = seconds(60);
  // So many failures within the window open the breaker; a trial is let through so long after the
  // last one.
  std::size_t breaking_failures = 5;
  Duration failure_window = std::chrono::minutes(5);
  Duration trial_after = seconds(30);
  // What an engine must have done for its failures to be forgotten: one of the two. The requests
  // count when it has outlived them for so long: the connections that a death breaks may be told of
  // before the death.
  Duration proving_time = seconds(60);
  std::size_t proving_requests = 3;
  Duration outliving = seconds(1);
  std::uint64_t seed = 1;  // of the pauses' spread
};

enum class StopReason {
  kEvicted,  // another model's engine needs the place, or the machine its memory
  kIdle,     // the time to live is over
  kAsked,    // unload or shut_down
  kSuspend,  // suspend
};

// One thing for the caller to do. Only the fields that a kind names mean something.
struct Decision {
  enum class Kind {
    kGrant,   // `request` goes to the engine of `model` now; done() must follow
    kRefuse,  // `request` ends with `error`; the scheduler has forgotten it
    kCheck,   // see whether a start of `model` can work; checked() must follow
    kStart,   // start the engine of `model`; ready() or start_failed() must follow
    kStop,    // stop the engine of `model` for `reason`; stopped() must follow
  };
  Kind kind;
  ModelIndex model;
  RequestId request = 0;
  Error error{};
  Duration retry_after{0};  // of a refusal: sooner it makes no sense to ask again; zero: unknown
  StopReason reason = StopReason::kAsked;
};

class Scheduler {
 public:
  // All engines are stopped at first.
  Scheduler(std::vector<ModelRule> rules, std::unique_ptr<Policy> policy, Limits limits);

  // Another rule for a model, in force at once. Requires: its engine is not ready.
  void set_rule(ModelIndex model, ModelRule rule) { models_[model].rule = std::move(rule); }

  // Requests.

  // A new request. Sooner or later it is granted or refused, unless done() comes first: kLimit
  // when too many wait for the model, kUnavailable when it was unloaded meanwhile or the scheduler
  // shuts down, or the error that a start failed with. A `replay` repeats, under a new id, a
  // request whose engine died: it waits before all of its model but earlier replays, and is never
  // refused for their number.
  void request(Instant now, RequestId id, ModelIndex model, bool replay = false);

  // The request is over: one that waits is forgotten, a granted one gives its place back. Unknown
  // ids are ignored, so that it may be said after a refusal. A start that the request caused goes
  // on.
  void done(Instant now, RequestId id);

  // Engines; the table above says which event fits which phase.

  // What a check found: nothing, or why a start cannot work. Ignored if none is under way.
  void checked(Instant now, ModelIndex model, std::optional<Error> error);

  void ready(Instant now, ModelIndex model);

  void start_failed(Instant now, ModelIndex model, Error error);

  // An ordered stop is complete: the process is gone.
  void stopped(Instant now, ModelIndex model);

  // A ready engine ended by itself. Its in-flight requests no longer count; their done() is still
  // welcome. Those that wait for the model stay, and start it again, as `keep` does. `error`
  // reaches them where the breaker opens.
  void died(Instant now, ModelIndex model, Error error);

  // People.

  // All who wait for the model are refused. A starting engine is stopped at once, a ready one when
  // its in-flight requests are over; requests that come meanwhile wait and then start it again.
  // Failures are forgotten.
  void unload(Instant now, ModelIndex model);
  void unload_all(Instant now);

  // Something has changed that failures may have come from: the next start is as the first.
  void forget_failures(Instant now, ModelIndex model);

  // unload_all for good: newcomers are refused from here on. It is over at all_stopped().
  void shut_down(Instant now);
  bool all_stopped() const;

  // The machine.

  // All engines are stopped now. Requests in flight no longer count, as after died(), and may be
  // replayed; they and all others wait for resume(). A second call changes nothing.
  void suspend(Instant now);

  // Its memory is short. Of the engines that nobody uses or waits for, the one used longest ago is
  // stopped, but never one to `keep`: that would only come back. Returns which, if there is one.
  std::optional<ModelIndex> memory_short(Instant now);

  bool suspended() const { return suspended_; }

  // Those who wait are served. The engines that suspend() stopped come back, the last used first.
  void resume(Instant now);

  // Time.

  // Something may be due. Too early or too late does no harm. Every event is a tick as well.
  void tick(Instant now);

  // When tick() is due next: a time to live, a patience or a pause ends. Nothing: only events
  // matter.
  std::optional<Instant> next_tick() const { return next_tick_; }

  // The decisions since the last call, in order.
  std::vector<Decision> take();

  Phase phase(ModelIndex model) const;
  std::size_t waiting(ModelIndex model) const;
  std::size_t in_flight(ModelIndex model) const;
  // When a failed engine may be started again at the earliest; nothing if nothing is in the way.
  std::optional<Instant> retry_at(ModelIndex model) const { return models_.at(model).retry_at; }
  bool breaker_open(ModelIndex model) const { return models_.at(model).broken; }

 private:
  // Place in the line of all requests. Unlike times, no two moments are equal.
  using Turn = std::uint64_t;

  struct Waiter {
    RequestId id;
    Instant since;
    Turn turn;
    bool replay;
    int failed_starts = 0;  // that it has seen
  };

  // How many models that wait for an engine are looked at in one event. The first in line is always
  // one of them; the others may start only where they do not disturb those before them, and most
  // policies let few engines run at once.
  static constexpr std::size_t kLookAhead = 8;

  enum class Check { kNone, kUnderWay, kPassed };

  struct Model {
    explicit Model(ModelRule r) : rule(std::move(r)) {}

    ModelRule rule;
    Phase phase = Phase::kStopped;
    std::list<Waiter> waiting;  // oldest first: `since` and `turn` never fall along the list
    std::size_t in_flight = 0;
    std::uint64_t life = 0;  // counts deaths: tells who is in this engine from who was in the last
    Turn behind = 0;         // who waits for it comes after this turn in the order of models
    bool unloading = false;  // ready, and stops as soon as it is idle
    bool yielding = false;   // ready, and admits nobody because another model's patience is over
    bool returning = false;  // it has run and nobody stopped it: it comes back, also for nobody
    Instant ready_since{};
    Instant idle_since{};  // the later of ready and the last request's end
    Check check = Check::kNone;

    // Of its failures since the last proof.
    std::size_t streak = 0;
    std::vector<Instant> failed_at{};  // within the window; at most breaking_failures
    std::optional<Instant> retry_at{};
    bool broken = false;     // the breaker is open
    Error last_error{};      // means something where it is
    std::size_t served = 0;  // requests that ended since it became ready
    Instant proven_at{};     // when these were enough; means something where they are
  };

  struct Place {
    ModelIndex model;
    bool granted = false;
    std::uint64_t life = 0;                // of a granted request
    std::list<Waiter>::iterator waiter{};  // of a waiting one
  };

  // scheduler.cc: what an event changes by itself.
  void release(Instant now, RequestId id);
  void refuse_waiting(ModelIndex model, const Error& error);
  void begin_unload(ModelIndex model, const Error& error);
  void grant_waiting(ModelIndex model);
  void order_check(ModelIndex model);
  void order_start(ModelIndex model);
  void order_stop(ModelIndex model, StopReason reason);

  // failures.cc: what failures lead to.
  void note_failure(Instant now, ModelIndex model, Error error);
  void see_failed_start(ModelIndex model, const Error& error);
  void break_circuit(Instant now, ModelIndex model);
  void forgive(ModelIndex model);
  void forgive_if_proven(Instant now, ModelIndex model);
  Duration pause_after(std::size_t streak);
  Error broken_error(const Model& model, Instant now) const;

  // comeback.cc: what suspends, and what runs though nobody waits.
  void bring_back(Instant now);
  std::vector<ModelIndex> returning_models(Instant now);

  // settle.cc: what follows from it. Every event ends with settle(), also
  // one that is ignored.
  void settle(Instant now);
  void plan_swaps(Instant now);
  std::vector<ModelIndex> next_targets(Instant now);
  bool disturbs(ModelIndex target, const std::vector<ModelIndex>& evicted,
                const std::vector<ModelIndex>& claimed, std::vector<Phase>& phases) const;
  void make_way(Instant now, ModelIndex target, const std::vector<ModelIndex>& evicted);
  void stop_expired(Instant now);
  Turn turn_of(const Model& model) const;
  bool pauses(const Model& model, Instant now) const {
    return model.retry_at && now < *model.retry_at;
  }
  void tick_at(Instant due);

  const std::unique_ptr<Policy> policy_;
  const Limits limits_;
  std::vector<Model> models_;
  std::unordered_map<RequestId, Place> requests_;  // waiting and granted
  std::vector<Decision> decisions_;
  std::optional<Instant> next_tick_;
  Turn next_turn_ = 1;
  std::uint64_t random_;
  bool shutting_down_ = false;
  bool suspended_ = false;
};

}  // namespace corral::scheduler
