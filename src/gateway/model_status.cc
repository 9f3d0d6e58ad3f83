#include "gateway/model_status.h"

#include <nlohmann/json.hpp>

#include "base/timestamp.h"

namespace corral::gateway {
namespace {

using Json = nlohmann::ordered_json;

Json or_null(const std::string& text) { return text.empty() ? Json(nullptr) : Json(text); }

Json error_object(const engine::Failure& failure) {
  return {{"code", engine::to_string(failure.cause)},
          {"message", failure.message},
          {"hint", or_null(failure.hint)},
          {"output", or_null(failure.output)},
          {"at", rfc3339(failure.at)}};
}

Json exit_object(const engine::LastExit& exit) {
  const bool signalled = exit.signal != 0;
  return {{"code", signalled ? Json(nullptr) : Json(exit.code)},
          {"signal", signalled ? Json(engine::signal_name(exit.signal)) : Json(nullptr)},
          {"cause", exit.cause},
          {"at", rfc3339(exit.at)}};
}

Json reduction_object(const engine::Reduction& reduction) {
  const auto number = [](std::optional<std::uint64_t> value) {
    return value ? Json(*value) : Json(nullptr);
  };
  return {{"ctx", number(reduction.context)}, {"gpuLayers", number(reduction.gpu_layers)}};
}

}  // namespace

Json status_object(const ModelFacts& facts) {
  const engine::Status& status = facts.status;
  Json object = {{"model", facts.model},
                 {"state", engine::to_string(status.state)},
                 {"health", engine::to_string(status.health)},
                 {"progress", status.progress},
                 {"stage", or_null(status.stage)},
                 {"pid", status.pid == 0 ? Json(nullptr) : Json(status.pid)}};
  object["uptime_s"] = nullptr;
  if (status.ready_since) {
    const Duration uptime = facts.now - *status.ready_since;
    object["uptime_s"] = std::chrono::duration_cast<seconds>(uptime).count();
  }
  object["restarts"] = status.restarts;
  object["stop_reason"] =
      status.stop_reason ? Json(engine::to_string(*status.stop_reason)) : Json(nullptr);
  object["last_error"] = status.last_error ? error_object(*status.last_error) : Json(nullptr);
  object["last_exit"] = status.last_exit ? exit_object(*status.last_exit) : Json(nullptr);
  object["retry_at"] = nullptr;
  if (facts.retry_at) {
    const auto ahead =
        std::chrono::duration_cast<engine::WallTime::duration>(*facts.retry_at - facts.now);
    object["retry_at"] = rfc3339(facts.wall_now + ahead);
  }
  object["reduced"] = status.reduced ? reduction_object(*status.reduced) : Json(nullptr);
  object["memory_bytes"] = status.memory_bytes == 0 ? Json(nullptr) : Json(status.memory_bytes);
  object["limits"] = or_null(status.limits);
  object["in_flight"] = facts.in_flight;
  object["waiting"] = facts.waiting;
  object["waits_for"] = or_null(facts.waits_for);
  object["tokens_per_second"] =
      facts.tokens_per_second > 0 ? Json(facts.tokens_per_second) : Json(nullptr);
  return object;
}

std::string_view swap_state(engine::State state) {
  switch (state) {
    case engine::State::kStarting:
    case engine::State::kLoading: return "starting";
    case engine::State::kReady:
    case engine::State::kSleeping: return "ready";
    case engine::State::kStopping: return "stopping";
    case engine::State::kStopped:
    case engine::State::kFailed: return "stopped";
  }
  return "stopped";
}

ModelStatus::ModelStatus(io::Loop& loop, const config::Config& config, const Conductor& conductor,
                         const telemetry::Counters& counters)
    : loop_(loop), config_(config), conductor_(conductor), counters_(counters) {}

Json ModelStatus::object(ModelIndex model) const {
  const std::string& id = config_.models[model].id;
  return status_object({.model = id,
                        .status = conductor_.engine(model).status(),
                        .retry_at = conductor_.retry_at(model),
                        .in_flight = conductor_.in_flight(model),
                        .waiting = conductor_.waiting(model),
                        .waits_for = conductor_.waits_for(model),
                        .tokens_per_second = counters_.last_speed(id),
                        .now = loop_.now(),
                        .wall_now = std::chrono::system_clock::now()});
}

Json ModelStatus::swap_list() const {
  Json list = Json::array();
  for (ModelIndex i = 0; i < config_.models.size(); ++i) {
    const config::Model& model = config_.models[i];
    Json entry = {{"id", model.id},
                  {"name", model.name},
                  {"description", model.description},
                  {"state", swap_state(conductor_.engine(i).status().state)},
                  {"unlisted", model.unlisted},
                  {"peerID", ""}};
    if (!model.aliases.empty()) entry["aliases"] = model.aliases;
    list.push_back(std::move(entry));
  }
  return list;
}

}  // namespace corral::gateway
