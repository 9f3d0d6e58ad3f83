// Conductor: carries out what the scheduler decides and tells it what happens. It owns the engines
// and the scheduler, and is the only one that speaks to either.
//
// Ticket: one request's place. Making it asks the scheduler; it is granted or refused later;
// dropping it, whenever that is, gives the place back.
//
// Loop thread only. The Conductor outlives its tickets.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <unordered_map>
#include <vector>

#include "engine/engine.h"
#include "engine/preflight.h"
#include "scheduler/scheduler.h"
#include "telemetry/counters.h"

namespace corral::gateway {

using scheduler::ModelIndex;

class Conductor;

class Ticket {
 public:
  // `replay`: the request has been in an engine that died.
  Ticket(Conductor& conductor, ModelIndex model, bool replay);
  ~Ticket();
  Ticket(const Ticket&) = delete;
  Ticket& operator=(const Ticket&) = delete;

  // Set when the request is granted or refused.
  io::Event& decided() { return decided_; }
  // Why it was refused; nothing while it waits and when it is granted.
  const std::optional<Error>& refusal() const { return refusal_; }
  // Of a refusal: sooner it makes no sense to ask again; zero: unknown.
  Duration retry_after() const { return retry_after_; }

 private:
  friend class Conductor;
  Conductor& conductor_;
  scheduler::RequestId id_;
  io::Event decided_;
  std::optional<Error> refusal_;
  Duration retry_after_{0};
};

class Conductor {
 public:
  // One engine for each spec, by the rule at the same place.
  Conductor(io::Loop& loop, http::Client& client, telemetry::Counters& counters,
            std::vector<engine::Spec> specs, std::vector<scheduler::ModelRule> rules);
  // Kills the engines that still run.
  ~Conductor();
  Conductor(const Conductor&) = delete;
  Conductor& operator=(const Conductor&) = delete;

  std::size_t size() const { return engines_.size(); }
  engine::Engine& engine(ModelIndex model) { return *engines_[model]; }
  const engine::Engine& engine(ModelIndex model) const { return *engines_[model]; }
  std::size_t in_flight(ModelIndex model) const { return scheduler_.in_flight(model); }
  std::size_t waiting(ModelIndex model) const { return scheduler_.waiting(model); }
  // When a failed engine is started again at the earliest; nothing while it need not wait.
  std::optional<Instant> retry_at(ModelIndex model) const;
  // What stands before the start of an engine that requests wait for, in words; may be empty.
  std::string waits_for(ModelIndex model) const;
  // suspend() was called last, not resume().
  bool suspended() const { return scheduler_.suspended(); }
  // A person has a hand in it: the next start is as the first.
  void forget_failures(ModelIndex model);

  // From now on told of each change of an engine's status, when the scheduler has heard of it. One
  // at a time; nullptr: nobody.
  void observe(std::function<void(ModelIndex)> observer) { observer_ = std::move(observer); }

  // How the model runs from the next start of its engine on.
  void reconfigure(ModelIndex model, engine::Spec spec, scheduler::ModelRule rule);

  // Who gives a model another port: called when the one that it was allotted is taken, with one
  // that nobody has; returns how the model runs there.
  using PortChanger = std::function<engine::Spec(ModelIndex, std::uint16_t port)>;
  void change_ports_by(PortChanger changer) { change_port_ = std::move(changer); }

  // Stops the engine when its requests are over; requests that wait for it are refused.
  void unload(ModelIndex model);
  void unload_all();
  // All engines are stopped at once; requests wait, also those whose replies were under way, until
  // resume(). Then what ran comes back.
  void suspend();
  void resume();
  // The machine is short of memory: an engine that nobody uses is stopped. Returns which, if there
  // is one.
  std::optional<ModelIndex> memory_short();
  // Whether any engine has a process.
  bool any_runs() const;
  // Every engine that is ready shows that it works, or is replaced.
  void recheck();
  // Returns when no engine runs, or after `limit`: whether none does.
  io::Task<bool> none_runs(Duration limit);

  // No more requests; engines stop when theirs are over.
  void shut_down();
  // shut_down, and all engines stop now, whatever they are doing.
  void stop_now();
  // Returns when no engine runs. After shut_down or stop_now.
  io::Task<void> all_stopped();
  // How often the model's engine has stopped or failed.
  std::uint64_t ends(ModelIndex model) const { return ends_[model]; }
  // Returns when the model's engine does not run, or has ended more often than `ends`.
  io::Task<void> stopped(ModelIndex model, std::uint64_t ends);

  // Returns at the next change of any engine, or after `limit`.
  io::Task<void> change(Duration limit);

  // How often the model's engine has become ready: tells one life of it from the next.
  std::uint64_t lives(ModelIndex model) const { return lives_[model]; }
  // A connection to that life of the engine broke. Returns when that life is over: the kernel tells
  // of a death a little later than the broken connection does. After `limit` the engine is asked
  // whether it works, since one that was told to end may take its time and serve nobody any more;
  // after as long again it is taken to live.
  io::Task<void> end_of_life(ModelIndex model, std::uint64_t life, Duration limit);

 private:
  friend class Ticket;
  void on_change(ModelIndex model);
  void pump();
  void start(ModelIndex model);
  void note_lack(ModelIndex model, const engine::Failure& failure);
  io::Task<void> check(ModelIndex model);
  engine::Circumstances circumstances_of(ModelIndex model) const;
  io::Task<void> tick();

  // What is known of a model that had too little memory.
  struct Memory {
    std::optional<engine::Cause> lacked{};  // by the last start, if it had all that it should
    Instant lacked_at{};
    std::optional<engine::ReducedSpec> reduced{};  // of the next start, by its check
    bool was_reduced = false;                      // the last start
  };

  io::Loop& loop_;
  telemetry::Counters& counters_;
  std::function<void(ModelIndex)> observer_;
  PortChanger change_port_;
  scheduler::Scheduler scheduler_;
  std::unordered_map<scheduler::RequestId, Ticket*> tickets_;  // waiting ones
  scheduler::RequestId next_id_ = 1;
  io::Event changed_;                // pulsed
  std::optional<Instant> tick_due_;  // what tick() waits for
  io::Event tick_due_changed_;
  std::vector<std::uint64_t> lives_;                             // times that it became ready
  std::vector<std::uint64_t> ends_;                              // times that it stopped or failed
  std::vector<std::optional<scheduler::ModelRule>> next_rules_;  // for the next start
  std::vector<Memory> memory_;
  std::vector<std::unique_ptr<engine::Engine>> engines_;
  std::vector<io::Task<void>> checks_;  // under way, or over
  io::Task<void> ticking_;
};

}  // namespace corral::gateway
