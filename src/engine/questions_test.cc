#include "engine/questions.h"

#include <doctest/doctest.h>

using namespace corral::engine;

namespace {

Answer answered(int status, std::string body = "") {
  return {.status = status, .words = "", .body = std::move(body)};
}

constexpr const char* kIdle = R"([{"id":0,"is_processing":false,"next_token":[{"n_decoded":4}]}])";
constexpr const char* kWorks = R"([{"id":0,"is_processing":true,"next_token":[{"n_decoded":4}]}])";
constexpr const char* kOn = R"([{"id":0,"is_processing":true,"next_token":[{"n_decoded":5}]}])";

std::string metrics(int processing, int deferred) {
  return "# HELP llamacpp:n_decode_total x\nllamacpp:n_decode_total 7\n"
         "# TYPE llamacpp:requests_processing gauge\nllamacpp:requests_processing " +
         std::to_string(processing) + "\nllamacpp:requests_deferred " + std::to_string(deferred) +
         "\n";
}

}  // namespace

TEST_CASE("slots tell whether an engine works and whether it comes on") {
  const QueueState idle = read_queue_state(answered(200, kIdle));
  CHECK(idle.told);
  CHECK_FALSE(idle.busy);
  const QueueState works = read_queue_state(answered(200, kWorks));
  CHECK(works.told);
  CHECK(works.busy);
  CHECK(works.counts == read_queue_state(answered(200, kWorks)).counts);
  CHECK(works.counts != read_queue_state(answered(200, kOn)).counts);
}

TEST_CASE("metrics tell the same, also of requests that wait for a slot") {
  CHECK(read_queue_state(answered(200, metrics(0, 0))).told);
  CHECK_FALSE(read_queue_state(answered(200, metrics(0, 0))).busy);
  CHECK(read_queue_state(answered(200, metrics(1, 0))).busy);
  CHECK(read_queue_state(answered(200, metrics(0, 2))).busy);
}

TEST_CASE("other answers tell nothing of a queue") {
  CHECK_FALSE(read_queue_state(answered(200, R"({"status":"ok"})")).told);
  CHECK_FALSE(read_queue_state(answered(501, kWorks)).told);
  CHECK_FALSE(read_queue_state(answered(200, "llamacpp:n_decode_total 7\n")).told);
  CHECK_FALSE(read_queue_state(Answer{}).told);
}

TEST_CASE("a token, or the word that there is none to be had, shows that an engine works") {
  CHECK(shows_token(answered(200)));
  CHECK(shows_token(answered(400)));
  CHECK(shows_token(answered(404)));
  CHECK(shows_token(answered(501)));
  CHECK(shows_token(
      answered(500, R"({"error":{"message":"the current context does not logits computation"}})")));
  CHECK_FALSE(shows_token(answered(500, "Compute error.")));
  CHECK_FALSE(shows_token(answered(503)));
  CHECK_FALSE(shows_token(Answer{}));
}
