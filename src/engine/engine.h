// Engine: one supervised inference server for one model, from start to death and back again.
//
//   stopped -> starting -> loading -> ready (<-> sleeping) -> stopping -> stopped
//   and from each but stopped -> failed; a start that takes too long goes through stopping first
//
// The engine is asked, and tells: start() and stop() note a wish and return; its own task carries
// it out, and every change of the status is told by `on_change`. It decides nothing else: who may
// send requests, when to try a failed start again and when to stop is the owner's business.
//
// Ready means that the engine answers, not that it runs: a worker says so itself and is then asked
// for a token; an external command is probed (readiness.h), for as long as there is progress
// (start_clock.h). While it is ready a watch looks at it (health_watch.h); one that is stuck is
// killed and has failed. Death is the kernel's word. A stop kills a worker's group at once; a
// command is asked first, and then its group is killed. It ends only when the kernel has reported
// the end.
// What the engine prints is always read, into log(), so that it never stands still on a full pipe.
//
// Loop thread only. The loop and the client outlive the engine.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "engine/load.h"
#include "engine/reduced_spec.h"
#include "engine/spec.h"
#include "engine/status.h"
#include "engine/worker_words.h"
#include "io/log_ring.h"

namespace corral::engine {

class HealthWatch;

class Engine {
 public:
  // `on_change` is called from the engine's own task after each change of status(). It may call
  // start() and stop(), and must not destroy the engine.
  Engine(io::Loop& loop, http::Client& client, Spec spec, std::function<void(Engine&)> on_change);
  // Kills the group of an engine that still runs, and does not wait for its end. Requires: nobody
  // waits in log().past().
  ~Engine();
  Engine(const Engine&) = delete;
  Engine& operator=(const Engine&) = delete;

  // Starts a stopped or failed engine. While it stops: remembered, it starts again when it has
  // stopped. Nothing while it starts or runs.
  void start();
  // Starts a stopped or failed engine by another spec this once. While a start is under way or it
  // runs: as start().
  void start_reduced(ReducedSpec reduced);
  // Stops it in any state that is not stopped or failed, and takes back a remembered start. Its
  // requests should have ended: it is not asked to finish them. A start that was not under way yet
  // is told as kStarting, kStopping, kStopped too, so that each start has its end. The first reason
  // of several counts.
  void stop(StopReason reason);

  // Another way to run the same model, from the next start on: at once where none is under way.
  void set_spec(Spec spec);
  // It was found that a start cannot work: from stopped or failed it is failed, for this reason.
  // Tells of the change before it returns. Requires: it does not run, and no start is under way.
  void refuse(Failure failure);

  // The machine has slept, or something else may have broken it without a sign: a ready engine is
  // asked now, and killed as a stuck one is if it does not work.
  void recheck() { recheck_.set(); }

  const Status& status() const { return status_; }
  // That of the running process, else of the next.
  const Spec& spec() const { return spec_; }
  // The process that runs was started by another spec than the next one will be.
  bool outdated() const { return next_spec_.has_value(); }
  io::LogRing& log() { return log_; }
  // Of the requests in it, which whoever passes them on tells.
  Load& load() { return load_; }

 private:
  struct Life;
  io::Task<void> run();
  io::Task<std::optional<Failure>> live();
  io::Task<std::optional<Failure>> live_with(Life& life);
  io::Task<void> become_ready(Life& life);
  io::Task<void> watch_over(Life& life);
  io::Task<void> recheck_when_asked(Life& life, HealthWatch& watch);
  io::Task<void> watch_oom_kills(Life& life);
  io::Task<void> end_process(Life& life);
  io::Task<void> hear_guard(Life& life);
  io::Task<void> drain(Life& life, io::Stream& pipe, bool hears_words);
  void note_loading();
  void hear(Life& life, const WorkerWord& word);
  std::string output_of(const Life& life) const;
  Failure died(Life& life) const;
  void note_exit(const Life& life);
  void enter(State state);

  io::Loop& loop_;
  http::Client& client_;
  Spec spec_;
  std::optional<Spec> next_spec_;  // set only while alive_
  std::optional<Spec> full_spec_;  // while spec_ is a reduced one
  const std::function<void(Engine&)> on_change_;
  Status status_;
  io::LogRing log_;
  Load load_;

  bool alive_ = false;  // from an accepted start() to the end that answers it
  bool again_ = false;  // start() came after stop(): begin anew when stopped
  StopReason stop_reason_ = StopReason::kAsked;  // means something where stop_ is set
  io::Event start_;                              // set with alive_
  io::Event stop_;
  io::Event recheck_;
  io::Task<void> task_;
};

}  // namespace corral::engine
