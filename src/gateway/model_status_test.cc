#include "gateway/model_status.h"

#include <doctest/doctest.h>

#include <csignal>
#include <nlohmann/json.hpp>

#include "gateway/own_reply.h"

using namespace corral;
using namespace corral::gateway;
using Json = nlohmann::ordered_json;

TEST_CASE("of a model that never ran, what is not known is null") {
  const engine::Status status;
  CHECK(json_text(status_object({.model = "m", .status = status})) ==
        R"({"model":"m","state":"stopped","health":"unknown","progress":0.0,"stage":null,)"
        R"("pid":null,"uptime_s":null,"restarts":0,"stop_reason":null,"last_error":null,)"
        R"("last_exit":null,"retry_at":null,"reduced":null,"memory_bytes":null,"limits":null,)"
        R"("in_flight":0,"waiting":0,"waits_for":null,)"
        R"("tokens_per_second":null})");
}

TEST_CASE("of a model that runs, all is told") {
  const Instant now = Instant{} + seconds(1000);
  const engine::WallTime wall_now = engine::WallTime{} + seconds(86400);
  engine::Status status;
  status.state = engine::State::kReady;
  status.health = engine::Health::kDegraded;
  status.pid = 12;
  status.ready_since = now - milliseconds(3999);
  status.restarts = 2;
  status.memory_bytes = 5;
  status.stop_reason = engine::StopReason::kCrash;
  status.last_error = engine::Failure{.cause = engine::Cause::kOutOfMemory,
                                      .message = "it \xff ran out",
                                      .hint = "",
                                      .output = "a\nb",
                                      .at = wall_now};
  status.last_exit =
      engine::LastExit{.code = 0, .signal = SIGKILL, .cause = "out_of_memory", .at = wall_now};
  const std::string text = json_text(status_object({.model = "m",
                                                    .status = status,
                                                    .retry_at = now + milliseconds(1500),
                                                    .in_flight = 3,
                                                    .waiting = 4,
                                                    .tokens_per_second = 41.5,
                                                    .now = now,
                                                    .wall_now = wall_now}));
  const Json json = Json::parse(text);
  CHECK(json["health"] == "degraded");
  CHECK(json["uptime_s"] == 3);
  CHECK(json["stop_reason"] == "crash");
  CHECK(json["retry_at"] == "1970-01-02T00:00:01.500Z");
  CHECK(json["tokens_per_second"] == 41.5);
  CHECK(
      json["last_exit"].dump() ==
      R"({"code":null,"signal":"SIGKILL","cause":"out_of_memory","at":"1970-01-02T00:00:00.000Z"})");
  CHECK(json["last_error"]["code"] == "out_of_memory");
  CHECK(json["last_error"]["message"] == "it \xEF\xBF\xBD ran out");
  CHECK(json["last_error"]["hint"] == nullptr);
  CHECK(json["last_error"]["output"] == "a\nb");
}

TEST_CASE("what a model has less than its config says is told, and null where it has that") {
  engine::Status status;
  status.reduced = engine::Reduction{.context = 2048};
  const auto told = [&] {
    return status_object({.model = "m", .status = status})["reduced"].dump();
  };
  CHECK(told() == R"({"ctx":2048,"gpuLayers":null})");
  status.reduced = engine::Reduction{.gpu_layers = 0};
  CHECK(told() == R"({"ctx":null,"gpuLayers":0})");
}

TEST_CASE("llama-swap's words for states are its own") {
  using engine::State;
  CHECK(swap_state(State::kLoading) == "starting");
  CHECK(swap_state(State::kSleeping) == "ready");
  CHECK(swap_state(State::kFailed) == "stopped");
  CHECK(swap_state(State::kStopping) == "stopping");
}
