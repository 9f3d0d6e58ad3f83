#include "cli/dashboard.h"

#include <doctest/doctest.h>

#include <nlohmann/json.hpp>

#include "base/timestamp.h"

using namespace corral;
using namespace corral::cli;
using Json = nlohmann::json;

namespace {

const Moment kStart = {.now = Instant{} + std::chrono::hours(1000),
                       .wall = *parse_rfc3339("2026-03-01T12:00:00.000Z")};

Moment later(Duration by) {
  return {.now = kStart.now + by,
          .wall = kStart.wall + std::chrono::duration_cast<std::chrono::microseconds>(by)};
}

std::string event(const std::string& type, const Json& data) {
  return Json{{"type", type}, {"data", data.dump()}}.dump();
}

Json stopped(const std::string& id) {
  return {{"model", id}, {"state", "stopped"}, {"health", "unknown"}};
}

Json request(int id, int bytes, int elapsed_ms = 0) {
  return {{"id", id},
          {"model", "a"},
          {"req_path", "/v1/chat/completions"},
          {"resp_bytes", bytes},
          {"remote_ip", "::1"},
          {"elapsed_ms", elapsed_ms}};
}

Dashboard connected() {
  Dashboard dashboard("http://old");
  dashboard.connected("http://new");
  return dashboard;
}

}  // namespace

TEST_CASE("a status event tells all of a model") {
  Dashboard dashboard = connected();
  const Json status = Json::parse(R"({"model":"a","state":"failed","health":"unhealthy",
    "progress":0.45,"stage":"tensors","pid":7,"uptime_s":65,"restarts":3,"stop_reason":"crash",
    "last_error":{"code":"killed","message":"it ended","hint":"look","output":"one\ntwo",
                  "at":"2026-03-01T11:59:00.000Z"},
    "last_exit":{"code":null,"signal":"SIGKILL","cause":"killed","at":"2026-03-01T11:59:00.000Z"},
    "retry_at":"2026-03-01T12:00:12.000Z","memory_bytes":1500,"in_flight":1,"waiting":2,
    "tokens_per_second":34.5})");
  CHECK(dashboard.take_event(event("status", status), kStart));
  REQUIRE(dashboard.models().size() == 1);
  const ModelRow& row = dashboard.models()[0];
  CHECK(row.id == "a");
  CHECK(row.state == "failed");
  CHECK(row.health == "unhealthy");
  CHECK(row.progress == 0.45);
  CHECK(row.stage == "tensors");
  CHECK(row.pid == 7);
  CHECK(row.ready_since == kStart.now - seconds(65));
  CHECK(row.restarts == 3);
  CHECK(row.stop_reason == "crash");
  CHECK(row.last_exit == "SIGKILL, killed");
  REQUIRE(row.last_error.has_value());
  CHECK(row.last_error->message == "it ended");
  CHECK(row.last_error->hint == "look");
  CHECK(row.last_error->output == "one\ntwo");
  CHECK(row.last_error->at == kStart.now - seconds(60));
  CHECK(row.retry_at == kStart.now + seconds(12));
  CHECK(row.memory_bytes == 1500);
  CHECK(row.in_flight == 1);
  CHECK(row.waiting == 2);
  CHECK(row.tokens_per_second == 34.5);
}

TEST_CASE("what is null or missing is not there") {
  Dashboard dashboard = connected();
  const Json status = Json::parse(R"({"model":"a","state":"ready","pid":null,"uptime_s":null,
    "last_error":null,"retry_at":null,"memory_bytes":null})");
  dashboard.take_event(event("status", status), kStart);
  const ModelRow& row = dashboard.models()[0];
  CHECK(row.health == "unknown");
  CHECK_FALSE(row.pid.has_value());
  CHECK_FALSE(row.ready_since.has_value());
  CHECK_FALSE(row.last_error.has_value());
  CHECK_FALSE(row.retry_at.has_value());
  CHECK_FALSE(row.memory_bytes.has_value());
  CHECK(row.last_exit.empty());
}

TEST_CASE("a time that is told again in whole seconds stays where it was") {
  Dashboard dashboard = connected();
  Json status = stopped("a");
  status["uptime_s"] = 5;
  dashboard.take_event(event("status", status), kStart);
  dashboard.take_event(event("status", status), later(milliseconds(900)));
  CHECK(dashboard.models()[0].ready_since == kStart.now - seconds(5));
  status["uptime_s"] = 0;  // another engine
  dashboard.take_event(event("status", status), later(seconds(9)));
  CHECK(dashboard.models()[0].ready_since == kStart.now + seconds(9));
}

TEST_CASE("models stand in the order of the service's list, and go with it") {
  Dashboard dashboard = connected();
  for (const char* id : {"a", "b", "c"}) dashboard.take_event(event("status", stopped(id)), kStart);
  const auto ids = [&] {
    std::string text;
    for (const ModelRow& row : dashboard.models()) text += row.id;
    return text;
  };
  CHECK(ids() == "abc");
  dashboard.take_event(event("modelStatus", Json::parse(R"([{"id":"c"},{"id":"a"},{"id":"c"}])")),
                       kStart);
  CHECK(ids().substr(0, 2) == "ca");
  CHECK(dashboard.take_status(Json{{"models", {stopped("b"), stopped("a")}}}.dump(), kStart));
  CHECK(ids() == "ba");
}

TEST_CASE("requests come, grow and go") {
  Dashboard dashboard = connected();
  const auto tell = [&](const Json& change, Duration at) {
    dashboard.take_event(event("inflight", change), later(at));
  };
  tell({{"operation", "snapshot"}, {"requests", {request(1, 100, 3000)}}}, {});
  tell({{"operation", "upsert"}, {"request", request(2, 0)}}, {});
  tell({{"operation", "upsert"}, {"request", request(1, 300, 5000)}}, seconds(2));
  REQUIRE(dashboard.requests().size() == 2);
  const RequestRow& first = dashboard.requests()[0];
  CHECK(first.since == kStart.now - seconds(3));
  CHECK(first.bytes.value() == 300);
  CHECK(*first.bytes.rate(kStart.now + seconds(2)) == doctest::Approx(100));
  CHECK(dashboard.find_request(2)->path == "/v1/chat/completions");
  tell({{"operation", "remove"}, {"id", 1}}, seconds(3));
  CHECK(dashboard.find_request(1) == nullptr);
  tell({{"operation", "snapshot"}, {"requests", {request(3, 0)}}}, seconds(4));
  CHECK(dashboard.requests().size() == 1);
}

TEST_CASE("token rates are differences of the counters") {
  Dashboard dashboard = connected();
  dashboard.take_event(event("status", stopped("a \"quoted\"")), kStart);
  dashboard.take_event(event("status", stopped("b")), kStart);
  dashboard.take_metrics("", kStart.now);
  dashboard.take_metrics(
      "# HELP corral_prompt_tokens_total Tokens of prompts.\n"
      "corral_prompt_tokens_total{model=\"a \\\"quoted\\\"\"} 100\n"
      "corral_generated_tokens_total{model=\"a \\\"quoted\\\"\"} 40\n"
      "corral_requests_total{model=\"b\",status=\"200\"} 7\n",
      kStart.now + seconds(2));
  const ModelRow& a = dashboard.models()[0];
  CHECK(*a.prompt_tokens.rate(kStart.now + seconds(2)) == doctest::Approx(50));
  CHECK(*a.generated_tokens.rate(kStart.now + seconds(2)) == doctest::Approx(20));
  CHECK(*dashboard.models()[1].generated_tokens.rate(kStart.now + seconds(2)) == 0);
}

TEST_CASE("a service that is lost leaves what was known last, without its requests") {
  Dashboard dashboard = connected();
  dashboard.take_event(event("status", stopped("a")), kStart);
  dashboard.take_event(event("inflight", {{"operation", "upsert"}, {"request", request(1, 0)}}),
                       kStart);
  dashboard.lost("no service answers");
  CHECK_FALSE(dashboard.is_connected());
  CHECK(dashboard.problem() == "no service answers");
  CHECK(dashboard.models().size() == 1);
  CHECK(dashboard.requests().empty());
  dashboard.connected("http://new");
  CHECK(dashboard.problem().empty());
}

TEST_CASE("what no Corral would send is refused, and nonsense in it does no harm") {
  Dashboard dashboard = connected();
  for (const char* text : {"", "[]", "null", "{\"type\":7}", "<html>"}) {
    CHECK_FALSE(dashboard.take_event(text, kStart));
    CHECK_FALSE(dashboard.take_status(text, kStart));
    CHECK_FALSE(dashboard.take_request_list(text, kStart));
  }
  for (
      const char* data :
      {"null", "[]", "7", "{\"model\":7}", "{\"model\":\"\"}", "[7,null,{}]",
       R"({"model":"a","progress":1e999,"uptime_s":1e300,"pid":-1,"retry_at":"2261-01-01T00:00:00.000Z",
            "last_exit":7,"last_error":[],"in_flight":"x"})",
       R"({"operation":"upsert","request":{"id":-1}})",
       R"({"operation":"snapshot","requests":7})"}) {
    for (const char* type : {"status", "modelStatus", "inflight", "logData", "unheard-of"}) {
      CAPTURE(data);
      CHECK(dashboard.take_event(Json{{"type", type}, {"data", data}}.dump(), kStart));
    }
  }
  for (const char* line : {"corral_prompt_tokens_total{model=\"a", "x{model=\"a\\",
                           "x{model=\"a\"} ", "x{model=\"a\"} -5", "{model=\"\"} 1"})
    dashboard.take_metrics(line, kStart.now);
  CHECK(dashboard.requests().empty());
}
