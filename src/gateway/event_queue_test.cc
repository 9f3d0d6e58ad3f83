#include "gateway/event_queue.h"

#include <doctest/doctest.h>

#include <nlohmann/json.hpp>

using namespace corral::gateway;

TEST_CASE("an event's frame is llama-swap's") {
  const std::string frame = event_frame("status", "{\"a\":\"b\\n\xff\"}");
  CHECK(frame ==
        "event:message\ndata:{\"type\":\"status\",\"data\":\"{\\\"a\\\":\\\"b\\\\n\xEF\xBF\xBD"
        "\\\"}\"}\n\n");
  const std::string data = frame.substr(frame.find("data:") + 5);
  const auto json = nlohmann::json::parse(data);
  CHECK(nlohmann::json::parse(json["data"].get<std::string>())["a"] == "b\n\xEF\xBF\xBD");
}

TEST_CASE("a listener that keeps up gets every message in its order") {
  EventQueue queue;
  EventQueue::Behind behind;
  CHECK(queue.empty());
  queue.push_status(0, "a");
  queue.push_models("b");
  queue.push_requests("c");
  queue.push_status(0, "d");
  CHECK_FALSE(queue.empty());
  CHECK(queue.take(behind) == "abcd");
  CHECK_FALSE(behind.any());
  CHECK(queue.empty());
}

TEST_CASE("a listener that falls behind is told what is newest, and takes bounded memory") {
  EventQueue queue;
  EventQueue::Behind behind;
  const std::string large(EventQueue::kMost / 2, 'x');
  queue.push_status(1, large);
  queue.push_status(2, large);
  for (int i = 0; i < 1000; ++i) queue.push_status(7, large);
  // It would have room, but is younger than what was lost.
  queue.push_status(3, "a");
  queue.push_requests("b");
  CHECK(queue.take(behind).size() <= EventQueue::kMost);
  CHECK(behind.statuses == std::set<ModelIndex>{3, 7});
  CHECK(behind.requests);
  CHECK_FALSE(behind.models);
  queue.push_models("c");
  CHECK(queue.take(behind) == "c");
  CHECK_FALSE(behind.any());
}
