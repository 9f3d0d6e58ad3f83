#include "cli/service_report.h"

#include <nlohmann/json.hpp>

#include "cli/short_text.h"

namespace corral::cli {
namespace {

constexpr const char* kInstall = "corral service install";
constexpr const char* kStart = "corral service start";
constexpr const char* kLogs = "corral service logs";

ServiceLayer unit_layer(const ServiceFacts& facts, const service::State& state) {
  if (!state.installed) return {"unit", false, "there is no " + facts.file, kInstall};
  if (state.stale) {
    return {"unit", false, facts.file + ", which has changed since " + facts.manager + " read it",
            "corral service restart"};
  }
  return {"unit", true, facts.file};
}

ServiceLayer manager_layer(const ServiceFacts& facts, const service::State& state) {
  const std::string found = facts.manager + " says: " + state.words;
  if (state.failed) return {"manager", false, found, kLogs};
  if (!state.running) return {"manager", false, found, state.installed ? kStart : kInstall};
  return {"manager", true, found};
}

ServiceLayer process_layer(const service::State& state) {
  if (state.pid == 0) return {"process", false, "none", ""};
  std::string found = "pid " + std::to_string(state.pid);
  if (state.starts_again > 0) {
    found += ", started again " + counted(state.starts_again, "time") + "; see " + kLogs;
  }
  return {"process", true, found};
}

ServiceLayer api_layer(const ServiceFacts& facts, const service::State& state) {
  if (facts.answers) return {"api", true, facts.url + " answers"};
  std::string found = "nothing answers";
  if (!facts.url.empty()) found += " at " + facts.url;
  if (!facts.other.empty()) {
    found += "; a Corral that was started otherwise answers at " + facts.other;
  }
  return {"api", false, found, state.pid != 0 ? kLogs : ""};
}

// The exit status and the word for it.
std::pair<int, const char*> verdict(const ServiceFacts& facts, const service::State& state) {
  if (facts.answers) return {0, "answers"};
  if (!state.installed && !state.loaded) return {3, "not installed"};
  if (state.failed) return {5, "fails"};
  if (state.running) return {6, "does not answer"};
  return {4, "stopped"};
}

}  // namespace

ServiceReport report_of(const ServiceFacts& facts) {
  if (!facts.state.has_value()) {
    return {1, "unknown", {{"manager", false, facts.state.error().message}}};
  }
  const service::State& state = *facts.state;
  const auto [status, words] = verdict(facts, state);
  return {status,
          words,
          {unit_layer(facts, state), manager_layer(facts, state), process_layer(state),
           api_layer(facts, state)}};
}

std::string report_text(const ServiceReport& report) {
  std::string text = "Corral's service: " + report.words + "\n";
  for (const ServiceLayer& layer : report.layers) {
    const std::string name = layer.name + std::string(9 - layer.name.size(), ' ');
    text += std::string(layer.ok ? "  ok  " : "  --  ") + name + layer.found + "\n";
    if (!layer.hint.empty()) text += "               try: " + layer.hint + "\n";
  }
  return text;
}

std::string report_json(const ServiceReport& report, const ServiceFacts& facts) {
  using Json = nlohmann::ordered_json;
  Json layers = Json::array();
  for (const ServiceLayer& layer : report.layers) {
    layers.push_back({{"layer", layer.name},
                      {"ok", layer.ok},
                      {"found", layer.found},
                      {"hint", layer.hint.empty() ? Json(nullptr) : Json(layer.hint)}});
  }
  const int pid = facts.state.has_value() ? facts.state->pid : 0;
  const Json json = {{"status", report.words},
                     {"exit_status", report.status},
                     {"manager", facts.manager},
                     {"file", facts.file},
                     {"url", facts.url.empty() ? Json(nullptr) : Json(facts.url)},
                     {"pid", pid == 0 ? Json(nullptr) : Json(pid)},
                     {"layers", std::move(layers)}};
  return json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace corral::cli
