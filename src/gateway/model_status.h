// ModelStatus: what everybody is told of a model, in one shape: GET /api/status, /running, the
// events and the terminal all show this object.
//
//   {"model", "state", "health", "progress" (0 to 1), "stage", "pid" (the engine's own),
//    "uptime_s" (since it is ready), "restarts", "stop_reason",
//    "last_error": {"code", "message", "hint", "output", "at"},
//    "last_exit": {"code", "signal" ("SIGKILL"), "cause", "at"},
//    "retry_at", "reduced": {"ctx", "gpuLayers"} (what it has less than its config says, because
//    memory is short; null where it has that), "memory_bytes", "limits" (in words), "in_flight",
//    "waiting", "waits_for" (what stands before the start of its engine, in words),
//    "tokens_per_second"}
//
// A fact that there is none of is null; times are RFC 3339 in UTC. "last_error" and "last_exit"
// stay after a good start. "tokens_per_second" is what the engine told of its last reply.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string_view>

#include "config/config.h"
#include "gateway/conductor.h"

namespace corral::gateway {

// All that the object is made of. The clocks are passed in: `now` and `wall_now` are one moment.
struct ModelFacts {
  std::string_view model;
  const engine::Status& status;
  std::optional<Instant> retry_at{};
  std::size_t in_flight = 0;
  std::size_t waiting = 0;
  std::string waits_for{};
  double tokens_per_second = 0;  // 0: not told
  Instant now{};
  engine::WallTime wall_now{};
};

nlohmann::ordered_json status_object(const ModelFacts& facts);

// llama-swap's word for the state: "stopped", "starting", "ready" or "stopping".
std::string_view swap_state(engine::State state);

class ModelStatus {
 public:
  // All outlive it.
  ModelStatus(io::Loop& loop, const config::Config& config, const Conductor& conductor,
              const telemetry::Counters& counters);

  nlohmann::ordered_json object(ModelIndex model) const;
  // All engines were stopped by Conductor::suspend, and requests wait.
  bool suspended() const { return conductor_.suspended(); }
  // llama-swap's list: {id, name, description, state, unlisted, peerID, aliases} of all models.
  nlohmann::ordered_json swap_list() const;

  std::size_t size() const { return config_.models.size(); }

 private:
  io::Loop& loop_;
  const config::Config& config_;
  const Conductor& conductor_;
  const telemetry::Counters& counters_;
};

}  // namespace corral::gateway
