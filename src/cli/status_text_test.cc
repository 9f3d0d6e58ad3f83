#include "cli/status_text.h"

#include <doctest/doctest.h>

#include <nlohmann/json.hpp>

using namespace corral::cli;
using Json = nlohmann::json;

TEST_CASE("a model that never ran is one line") {
  CHECK(status_text(Json::parse(R"({"model":"m","state":"stopped","health":"unknown","pid":null,
                                    "restarts":0,"last_error":null})")) == "m: stopped\n");
}

TEST_CASE("what is known of a model stands below its name") {
  const Json status = Json::parse(R"({"model":"m","state":"ready","health":"healthy","pid":7,
    "uptime_s":65,"memory_bytes":1500000,"in_flight":1,"waiting":2,"restarts":3,
    "stop_reason":"crash","last_exit":{"code":null,"signal":"SIGKILL","cause":"killed","at":"T1"},
    "last_error":{"message":"it ended","hint":"look","output":"one\ntwo","at":"T2"}})");
  CHECK(status_text(status) ==
        "m: ready, healthy\n"
        "  process     7, up 1 min 5 s, 1.5 MB\n"
        "  requests    1 running, 2 waiting\n"
        "  restarts    3\n"
        "  last stop   crash\n"
        "  last exit   T1, SIGKILL (killed)\n"
        "  last error  T2\n"
        "              it ended\n"
        "              look\n"
        "              one\n"
        "              two\n");
}

TEST_CASE("what an engine has less than it should is told") {
  const auto line = [](const char* reduced) {
    const std::string text = R"({"model":"m","state":"ready","reduced":)";
    return status_text(Json::parse(text + reduced + "}"));
  };
  CHECK(line(R"({"ctx":2048,"gpuLayers":0})") ==
        "m: ready\n"
        "  reduced     to 2048 tokens of context, 0 layers on the GPU, because memory is short\n");
  CHECK(line(R"({"ctx":2048,"gpuLayers":null})") ==
        "m: ready\n"
        "  reduced     to 2048 tokens of context, because memory is short\n");
  CHECK(line("null") == "m: ready\n");
}

TEST_CASE("ages and sizes are told in their two largest units") {
  const auto age = [](int value) { return age_text(Json{{"s", value}}, "s"); };
  CHECK(age(0) == "0 s");
  CHECK(age(59) == "59 s");
  CHECK(age(3599) == "59 min 59 s");
  CHECK(age(3600) == "1 h 0 min");
  CHECK(age(90000) == "1 d 1 h");
  CHECK(age_text(Json{{"s", nullptr}}, "s") == "-");
  CHECK(size_text(Json{{"b", 12'345'678}}, "b") == "12.3 MB");
  CHECK(size_text(Json{{"b", 8'000'000'000.0}}, "b") == "8.0 GB");
  CHECK(size_text(Json::array(), "b") == "-");
}

TEST_CASE("nothing of a foreign text steers the terminal") {
  CHECK(printable("a\x1b[31mb\r\x7f\nc") == "a [31mb  \nc");
  CHECK(printable("\xc2\x9b"
                  "31m \xc3\xa9") == " 31m \xc3\xa9");
  CHECK(printable("\xc2") == "\xc2");
}
