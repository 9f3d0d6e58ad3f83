#include "gateway/conductor.h"

#include <algorithm>

#include "base/log.h"

namespace corral::gateway {
namespace {

// What a start lacked so long ago may be there again.
constexpr std::chrono::minutes kLackCounts{2};

engine::StopReason reason_of(scheduler::StopReason reason) {
  switch (reason) {
    case scheduler::StopReason::kEvicted: return engine::StopReason::kEvicted;
    case scheduler::StopReason::kIdle: return engine::StopReason::kIdle;
    case scheduler::StopReason::kAsked: return engine::StopReason::kAsked;
    case scheduler::StopReason::kSuspend: return engine::StopReason::kSuspend;
  }
  return engine::StopReason::kAsked;
}

}  // namespace

Ticket::Ticket(Conductor& conductor, ModelIndex model, bool replay)
    : conductor_(conductor), id_(conductor.next_id_++), decided_(conductor.loop_) {
  conductor_.tickets_.emplace(id_, this);
  conductor_.scheduler_.request(conductor_.loop_.now(), id_, model, replay);
  conductor_.pump();
}

Ticket::~Ticket() {
  conductor_.tickets_.erase(id_);
  conductor_.scheduler_.done(conductor_.loop_.now(), id_);
  conductor_.pump();
}

Conductor::Conductor(io::Loop& loop, http::Client& client, telemetry::Counters& counters,
                     std::vector<engine::Spec> specs, std::vector<scheduler::ModelRule> rules)
    : loop_(loop),
      counters_(counters),
      scheduler_(std::move(rules), std::make_unique<scheduler::OneAtATime>(), {}),
      changed_(loop),
      tick_due_changed_(loop),
      lives_(specs.size(), 0),
      ends_(specs.size(), 0),
      next_rules_(specs.size()),
      memory_(specs.size()),
      checks_(specs.size()) {
  for (engine::Spec& spec : specs) {
    const ModelIndex model = engines_.size();
    engines_.push_back(std::make_unique<engine::Engine>(
        loop, client, std::move(spec), [this, model](engine::Engine&) { on_change(model); }));
  }
  ticking_ = tick();
  ticking_.start();
}

Conductor::~Conductor() {
  for (io::Task<void>& check : checks_) check.cancel();
  ticking_.cancel();
}

void Conductor::reconfigure(ModelIndex model, engine::Spec spec, scheduler::ModelRule rule) {
  engines_[model]->set_spec(std::move(spec));
  next_rules_[model] = std::move(rule);
  memory_[model].lacked.reset();
  memory_[model].reduced.reset();
}

std::string Conductor::waits_for(ModelIndex model) const {
  const engine::State state = engines_[model]->status().state;
  if (waiting(model) == 0 || engine::is_running(state)) return {};
  if (suspended()) return "'corral resume': all engines are suspended";
  std::string others;
  for (const auto& engine : engines_) {
    if (engine == engines_[model] || !engine::is_running(engine->status().state)) continue;
    others += (others.empty() ? "" : ", ") + engine->spec().model;
  }
  return others.empty() || retry_at(model) ? "" : "the place of " + others;
}

std::optional<Instant> Conductor::retry_at(ModelIndex model) const {
  const std::optional<Instant> at = scheduler_.retry_at(model);
  return at && *at > loop_.now() ? at : std::nullopt;
}

void Conductor::forget_failures(ModelIndex model) {
  memory_[model].lacked.reset();
  scheduler_.forget_failures(loop_.now(), model);
  pump();
}

void Conductor::unload(ModelIndex model) {
  memory_[model].lacked.reset();
  scheduler_.unload(loop_.now(), model);
  pump();
}

void Conductor::unload_all() {
  for (Memory& memory : memory_) memory.lacked.reset();
  scheduler_.unload_all(loop_.now());
  pump();
}

void Conductor::suspend() {
  scheduler_.suspend(loop_.now());
  pump();
}

void Conductor::resume() {
  scheduler_.resume(loop_.now());
  pump();
}

std::optional<ModelIndex> Conductor::memory_short() {
  const std::optional<ModelIndex> model = scheduler_.memory_short(loop_.now());
  pump();
  return model;
}

bool Conductor::any_runs() const {
  return std::ranges::any_of(
      engines_, [](const auto& engine) { return engine::is_running(engine->status().state); });
}

void Conductor::recheck() {
  for (const auto& engine : engines_) engine->recheck();
}

io::Task<bool> Conductor::none_runs(Duration limit) {
  const Instant deadline = loop_.now() + limit;
  while (any_runs() && loop_.now() < deadline) co_await change(deadline - loop_.now());
  co_return !any_runs();
}

void Conductor::shut_down() {
  scheduler_.shut_down(loop_.now());
  pump();
}

void Conductor::stop_now() {
  shut_down();
  for (const auto& engine : engines_) engine->stop(engine::StopReason::kShutdown);
}

io::Task<void> Conductor::all_stopped() {
  while (!scheduler_.all_stopped()) co_await change(seconds(1));
}

io::Task<void> Conductor::stopped(ModelIndex model, std::uint64_t ends) {
  while (scheduler_.phase(model) != scheduler::Phase::kStopped && ends_[model] == ends) {
    co_await change(seconds(1));
  }
}

io::Task<void> Conductor::change(Duration limit) { co_await changed_.wait_for(limit); }

io::Task<void> Conductor::end_of_life(ModelIndex model, std::uint64_t life, Duration limit) {
  const auto lasts = [&] {
    return lives_[model] == life && scheduler_.phase(model) == scheduler::Phase::kReady;
  };
  for (const bool asked : {false, true}) {
    if (asked && lasts()) engines_[model]->recheck();
    const Instant deadline = loop_.now() + limit;
    while (lasts() && loop_.now() < deadline) co_await change(deadline - loop_.now());
  }
}

// Called from the engine's own task. The scheduler hears of what changes its picture; ready again
// after sleep, and progress of loading, do not.
void Conductor::on_change(ModelIndex model) {
  const engine::Status& status = engines_[model]->status();
  const scheduler::Phase phase = scheduler_.phase(model);
  const bool starting = phase == scheduler::Phase::kStarting;
  const std::string& id = engines_[model]->spec().model;
  const Instant now = loop_.now();
  if (status.state == engine::State::kReady && starting) {
    ++lives_[model];
    counters_.engine_started(id);
    log_info(id + ": ready" + (status.pid > 0 ? ", process " + std::to_string(status.pid) : ""));
    scheduler_.ready(now, model);
  } else if (status.state == engine::State::kFailed) {
    ++ends_[model];
    const engine::Failure failure = status.last_error.value_or(engine::Failure{});
    const Error error = engine::to_error(failure);
    counters_.engine_failed(id);
    log_warn(id + ": " + error.message);
    if (starting) {
      note_lack(model, failure);
      scheduler_.start_failed(now, model, error);
    } else {
      scheduler_.died(now, model, error);
    }
  } else if (status.state == engine::State::kStopped) {
    ++ends_[model];
    log_info(id + ": stopped");
    // stop_now() asks engines that the scheduler counts on.
    if (phase == scheduler::Phase::kStopping) {
      scheduler_.stopped(now, model);
    } else {
      scheduler_.died(now, model, Error{Code::kUnavailable, "the engine was stopped"});
    }
  }
  pump();
  if (observer_) observer_(model);
  changed_.set();
  changed_.clear();
}

// Nothing here comes back into the scheduler: engines and tickets only note what they are told.
void Conductor::pump() {
  for (scheduler::Decision& decision : scheduler_.take()) {
    engine::Engine& engine = *engines_[decision.model];
    switch (decision.kind) {
      case scheduler::Decision::Kind::kCheck:
        checks_[decision.model] = check(decision.model);
        checks_[decision.model].start();
        break;
      case scheduler::Decision::Kind::kStart:
        log_info(engine.spec().model + ": starting");
        if (std::optional<scheduler::ModelRule>& rule = next_rules_[decision.model]; rule) {
          scheduler_.set_rule(decision.model, std::move(*rule));
          rule.reset();
        }
        start(decision.model);
        break;
      case scheduler::Decision::Kind::kStop: engine.stop(reason_of(decision.reason)); break;
      case scheduler::Decision::Kind::kGrant:
      case scheduler::Decision::Kind::kRefuse: {
        const auto found = tickets_.find(decision.request);
        if (found == tickets_.end()) break;
        if (decision.kind == scheduler::Decision::Kind::kRefuse) {
          found->second->refusal_ = std::move(decision.error);
          found->second->retry_after_ = decision.retry_after;
        }
        found->second->decided_.set();
      }
    }
  }
  if (scheduler_.next_tick() != tick_due_) tick_due_changed_.set();
}

// By the check's word, if it was that the model can have only less than it should.
void Conductor::start(ModelIndex model) {
  engine::Engine& engine = *engines_[model];
  Memory& memory = memory_[model];
  memory.lacked.reset();
  std::optional<engine::ReducedSpec> reduced = std::exchange(memory.reduced, std::nullopt);
  memory.was_reduced = reduced.has_value();
  if (!reduced) return engine.start();
  log_warn(engine.spec().model + ": memory is short, started with less than its config says: " +
           engine::words_of(reduced->reduction));
  engine.start_reduced(std::move(*reduced));
}

// A start that failed for lack of memory is tried once more with less; a start with less is not.
void Conductor::note_lack(ModelIndex model, const engine::Failure& failure) {
  const bool lacks = failure.cause == engine::Cause::kOutOfMemory ||
                     failure.cause == engine::Cause::kGpuOutOfMemory;
  if (!lacks || memory_[model].was_reduced) return;
  memory_[model].lacked = failure.cause;
  memory_[model].lacked_at = loop_.now();
}

engine::Circumstances Conductor::circumstances_of(ModelIndex model) const {
  engine::Circumstances circumstances;
  for (const auto& engine : engines_) {
    circumstances.reclaimable_bytes += engine->status().memory_bytes;
    if (engine->spec().worker) continue;
    const std::uint16_t port = engine->spec().address.port;
    if (engine::is_running(engine->status().state)) circumstances.own_ports.push_back(port);
    if (engine != engines_[model]) circumstances.other_ports.push_back(port);
  }
  if (loop_.now() - memory_[model].lacked_at < kLackCounts) {
    circumstances.lacked = memory_[model].lacked;
  }
  return circumstances;
}

// What can be known to go wrong is known before anything is stopped for the model.
io::Task<void> Conductor::check(ModelIndex model) {
  memory_[model].reduced.reset();
  engine::Engine& engine = *engines_[model];
  engine::Spec checked = engine.spec();
  engine::Spec spec = checked;
  engine::Findings findings =
      co_await engine::preflight(loop_, std::move(spec), circumstances_of(model));
  if (findings.free_port && engine.spec() == checked) {
    log_warn(checked.model + ": port " + std::to_string(checked.address.port) +
             " is taken by another program, so it gets " + std::to_string(*findings.free_port));
    checked = change_port_(model, *findings.free_port);
    engine.set_spec(checked);
    spec = checked;
    findings = co_await engine::preflight(loop_, std::move(spec), circumstances_of(model));
  }
  if (!findings.warning.empty()) log_warn(engine.spec().model + ": " + findings.warning);
  if (engine.spec() != checked) findings.reduced.reset();  // it is to be run in another way by now
  std::optional<Error> error;
  if (findings.failure && findings.reduced) {
    log_warn(engine.spec().model + ": " + findings.failure->message);
    findings.failure.reset();
  }
  memory_[model].reduced = std::move(findings.reduced);
  if (findings.failure) {
    error = engine::to_error(*findings.failure);
    engine.refuse(std::move(*findings.failure));
  }
  scheduler_.checked(loop_.now(), model, std::move(error));
  pump();
}

io::Task<void> Conductor::tick() {
  while (true) {
    tick_due_changed_.clear();
    tick_due_ = scheduler_.next_tick();
    const std::optional<Instant> due = tick_due_;
    const Duration wait = due ? *due - loop_.now() : Duration(std::chrono::hours(1));
    const bool changed = co_await tick_due_changed_.wait_for(wait);
    if (changed) continue;
    scheduler_.tick(loop_.now());
    pump();
  }
}

}  // namespace corral::gateway
