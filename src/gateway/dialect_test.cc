#include "gateway/dialect.h"

#include <doctest/doctest.h>

#include <nlohmann/json.hpp>

using namespace corral;
using namespace corral::gateway;
using Json = nlohmann::json;

TEST_CASE("an error has its dialect's shape and survives any text") {
  const std::string hostile = "a \"quote\"\n\x01\xFF end";
  const Json openai = Json::parse(error_body(Dialect::kOpenAi, 404, hostile));
  CHECK(openai["error"]["type"] == "not_found_error");
  CHECK(openai["error"]["code"] == 404);
  CHECK(openai["error"]["message"].get<std::string>().starts_with("a \"quote\"\n"));
  const Json anthropic = Json::parse(error_body(Dialect::kAnthropic, 503, "m"));
  CHECK(anthropic["type"] == "error");
  CHECK(anthropic["error"]["type"] == "overloaded_error");
  CHECK(anthropic["error"]["message"] == "m");
}

TEST_CASE("an error event is one event whatever its text") {
  for (const Dialect dialect : {Dialect::kOpenAi, Dialect::kAnthropic}) {
    const std::string event = error_event(dialect, 502, "two\n\nlines\r\n");
    CHECK(event.ends_with("\n\n"));
    CHECK(event.find("\n\n") == event.size() - 2);
    CHECK(event.starts_with(dialect == Dialect::kAnthropic ? "event: error\ndata: " : "data: "));
  }
}

TEST_CASE("what is wrong with a request is the request's fault, but for a full disk") {
  CHECK(status_of_request(Code::kInvalid) == 400);
  CHECK(status_of_request(Code::kClosed) == 400);
  CHECK(status_of_request(Code::kTimeout) == 408);
  CHECK(status_of_request(Code::kLimit) == 413);
  CHECK(status_of_request(Code::kIo) == 507);
  CHECK(status_of_request(Code::kUnavailable) == 503);
}

TEST_CASE("an unnamed status still gives a valid error") {
  CHECK(Json::parse(error_body(Dialect::kOpenAi, 418, "m"))["error"]["type"] ==
        "invalid_request_error");
  CHECK(Json::parse(error_body(Dialect::kOpenAi, 599, "m"))["error"]["type"] == "server_error");
}
