#include "cli/service_report.h"

#include <doctest/doctest.h>

#include <nlohmann/json.hpp>

using namespace corral;
using namespace corral::cli;

namespace {

ServiceFacts facts_of(service::State state) {
  state.words = "its words";
  return {.manager = "systemd", .file = "/u/corral.service", .state = state};
}

std::vector<bool> oks(const ServiceReport& report) {
  std::vector<bool> oks;
  for (const ServiceLayer& layer : report.layers) oks.push_back(layer.ok);
  return oks;
}

}  // namespace

TEST_CASE("a service that answers has four good layers") {
  ServiceFacts facts =
      facts_of({.installed = true, .loaded = true, .running = true, .pid = 42, .words = {}});
  facts.url = "http://h:1";
  facts.answers = true;
  const ServiceReport report = report_of(facts);
  CHECK(report.status == 0);
  CHECK(oks(report) == std::vector<bool>{true, true, true, true});
  const nlohmann::json json = nlohmann::json::parse(report_json(report, facts));
  CHECK(json["pid"] == 42);
  CHECK(json["url"] == "http://h:1");
  CHECK(json["layers"][3]["layer"] == "api");
  CHECK(json["layers"][3]["hint"].is_null());
}

TEST_CASE("each way not to answer has a status of its own, and says what to do") {
  const ServiceReport absent = report_of(facts_of({}));
  CHECK(absent.status == 3);
  CHECK(absent.layers[0].hint == "corral service install");
  const ServiceReport stopped = report_of(facts_of({.installed = true, .words = {}}));
  CHECK(stopped.status == 4);
  CHECK(stopped.layers[1].hint == "corral service start");
  const ServiceReport fails =
      report_of(facts_of({.installed = true, .loaded = true, .failed = true, .words = {}}));
  CHECK(fails.status == 5);
  CHECK(fails.layers[1].hint == "corral service logs");
  const ServiceReport silent = report_of(
      facts_of({.installed = true, .loaded = true, .running = true, .pid = 42, .words = {}}));
  CHECK(silent.status == 6);
  CHECK(oks(silent) == std::vector<bool>{true, true, true, false});
  ServiceFacts unknown = facts_of({});
  unknown.state = fail(Code::kUnavailable, "no bus");
  CHECK(report_of(unknown).status == 1);
  CHECK(report_of(unknown).layers[0].found == "no bus");
}

TEST_CASE("a file that was changed, a Corral elsewhere and a restless process are told") {
  ServiceFacts facts = facts_of({.installed = true,
                                 .loaded = true,
                                 .running = true,
                                 .stale = true,
                                 .pid = 42,
                                 .starts_again = 3,
                                 .words = {}});
  facts.other = "http://h:2";
  const std::string text = report_text(report_of(facts));
  for (const char* part : {"has changed", "corral service restart", "3 times", "http://h:2"}) {
    CAPTURE(part);
    CHECK(text.find(part) != std::string::npos);
  }
}
