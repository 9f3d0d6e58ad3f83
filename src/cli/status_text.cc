#include "cli/status_text.h"

#include <array>
#include <cstdint>
#include <cstdio>
#include <nlohmann/json.hpp>

#include "base/strings.h"
#include "cli/json_fields.h"
#include "cli/progress.h"

namespace corral::cli {
namespace {

using Json = nlohmann::json;

constexpr std::size_t kTitle = 14;  // the width of the titles

void add_line(std::string& out, std::string_view title, const std::string& text) {
  if (text.empty()) return;
  std::string line = "  " + std::string(title);
  line.resize(kTitle, ' ');
  bool first = true;
  for (const std::string_view part : split(text, '\n')) {
    out += (first ? line : std::string(kTitle, ' ')) + std::string(part) + "\n";
    first = false;
  }
}

const Json& member(const Json& object, const char* key) {
  static const Json kNothing;
  return object.is_object() && object.contains(key) ? object[key] : kNothing;
}

std::string with(const std::string& text, const std::string& before, const std::string& after) {
  return text.empty() ? "" : before + text + after;
}

std::string error_lines(const Json& error) {
  const std::string message = text_of(error, "message");
  if (message.empty()) return "";
  return text_of(error, "at") + "\n" + message + with(text_of(error, "hint"), "\n", "") +
         with(text_of(error, "output"), "\n", "");
}

std::string exit_line(const Json& exit) {
  if (!exit.is_object()) return "";
  const std::string signal = text_of(exit, "signal");
  const std::string how =
      signal.empty() ? "status " + std::to_string(static_cast<int>(number_of(exit, "code")))
                     : signal;
  return text_of(exit, "at") + ", " + how + with(text_of(exit, "cause"), " (", ")");
}

std::string reduction_line(const Json& reduced) {
  if (!reduced.is_object()) return "";
  std::string what;
  const auto add = [&](const char* key, const char* unit) {
    if (!member(reduced, key).is_number()) return;
    const auto number = static_cast<std::uint64_t>(number_of(reduced, key));
    what += (what.empty() ? "" : ", ") + std::to_string(number) + unit;
  };
  add("ctx", " tokens of context");
  add("gpuLayers", " layers on the GPU");
  return "to " + what + ", because memory is short";
}

std::string count(const Json& status, const char* key) {
  return std::to_string(static_cast<std::uint64_t>(number_of(status, key)));
}

}  // namespace

std::string printable(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto c = static_cast<unsigned char>(text[i]);
    const bool plain = (c >= 0x20 && c != 0x7f) || c == '\n';
    // The control characters of Latin 1 are two bytes in UTF-8.
    const bool second_set =
        c == 0xc2 && i + 1 < text.size() && static_cast<unsigned char>(text[i + 1]) < 0xa0;
    if (second_set) ++i;
    out.push_back(plain && !second_set ? text[i] : ' ');
  }
  return out;
}

std::string state_text(const Json& status) {
  const std::string state = text_of(status, "state", "?");
  const std::string percent = percent_of(status);
  return state == "loading" && !percent.empty() ? state + " " + percent : state;
}

std::string age_text(const Json& status, const char* key) {
  if (!member(status, key).is_number()) return "-";
  const auto seconds = static_cast<std::uint64_t>(number_of(status, key));
  struct Unit {
    std::uint64_t seconds;
    const char* name;
  };
  constexpr std::array kUnits = {Unit{86400, " d"}, Unit{3600, " h"}, Unit{60, " min"},
                                 Unit{1, " s"}};
  std::size_t at = 0;
  while (at + 1 < kUnits.size() && seconds < kUnits[at].seconds) ++at;
  std::string text = std::to_string(seconds / kUnits[at].seconds) + kUnits[at].name;
  if (at + 1 == kUnits.size()) return text;
  const std::uint64_t rest = seconds % kUnits[at].seconds / kUnits[at + 1].seconds;
  return text + " " + std::to_string(rest) + kUnits[at + 1].name;
}

std::string size_text(const Json& status, const char* key) {
  if (!member(status, key).is_number()) return "-";
  const double bytes = number_of(status, key);
  std::array<char, 32> text{};
  if (bytes >= 1e9) {
    std::snprintf(text.data(), text.size(), "%.1f GB", bytes / 1e9);
  } else {
    std::snprintf(text.data(), text.size(), "%.1f MB", bytes / 1e6);
  }
  return text.data();
}

std::string status_text(const Json& status) {
  std::string out = text_of(status, "model", "?") + ": " + state_text(status);
  const std::string health = text_of(status, "health");
  if (!health.empty() && health != "unknown") out += ", " + health;
  out += with(text_of(status, "stage"), " (", ")") + "\n";
  if (member(status, "pid").is_number()) {
    std::string process = count(status, "pid");
    if (member(status, "uptime_s").is_number()) process += ", up " + age_text(status, "uptime_s");
    if (member(status, "memory_bytes").is_number()) {
      process += ", " + size_text(status, "memory_bytes");
    }
    add_line(out, "process", process);
    add_line(out, "limits", text_of(status, "limits"));
  }
  if (member(status, "pid").is_number() || number_of(status, "waiting") > 0) {
    add_line(out, "requests",
             count(status, "in_flight") + " running, " + count(status, "waiting") + " waiting" +
                 with(text_of(status, "waits_for"), " for ", ""));
  }
  add_line(out, "reduced", reduction_line(member(status, "reduced")));
  if (number_of(status, "restarts") > 0) add_line(out, "restarts", count(status, "restarts"));
  add_line(out, "next try", text_of(status, "retry_at"));
  add_line(out, "last stop", text_of(status, "stop_reason"));
  add_line(out, "last exit", exit_line(member(status, "last_exit")));
  add_line(out, "last error", error_lines(member(status, "last_error")));
  return printable(out);
}

}  // namespace corral::cli
