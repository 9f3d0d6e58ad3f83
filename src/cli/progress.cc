#include "cli/progress.h"

#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <nlohmann/json.hpp>

#include "base/strings.h"
#include "cli/json_fields.h"
#include "cli/status_text.h"

namespace corral::cli {

ProgressLine::ProgressLine() : visible_(::isatty(STDERR_FILENO) == 1) {}

void ProgressLine::show(const std::string& text) {
  if (!visible_) return;
  const std::size_t gap = shown_ > text.size() ? shown_ - text.size() : 0;
  std::fprintf(stderr, "\r%s%s", text.c_str(), std::string(gap, ' ').c_str());
  std::fflush(stderr);
  shown_ = text.size();
}

void ProgressLine::clear() {
  if (shown_ > 0) show("");
  if (shown_ == 0 && visible_) std::fputs("\r", stderr);
}

namespace {

using Json = nlohmann::json;

// Takes the lines of the load route and shows each.
struct LoadReport {
  std::string model;
  std::string partial;
  std::string error;
  bool begun = false;  // at least one line was what we expect
  ProgressLine line;

  bool take(std::string_view bytes) {
    partial.append(bytes);
    for (std::size_t end = partial.find('\n'); end != std::string::npos; end = partial.find('\n')) {
      show(Json::parse(partial.substr(0, end), nullptr, false));
      partial.erase(0, end + 1);
    }
    constexpr std::size_t kLongestLine = 1024 * 1024;
    return partial.size() <= kLongestLine;
  }

  void show(const Json& report) {
    if (report.is_object() && report.contains("error")) {
      error = error_text(report["error"], "the model could not be loaded");
      return;
    }
    const std::string state = text_of(report, "state");
    if (state.empty()) return;
    begun = true;
    const std::string percent = percent_of(report);
    const std::string text = model + ": " + state + (percent.empty() ? "" : " " + percent);
    const std::string stage = text_of(report, "stage");
    const std::string waits_for = printable(text_of(report, "waits_for"));
    if (!waits_for.empty()) return line.show(model + ": waits for " + waits_for);
    line.show(stage.empty() ? text : text + " (" + stage + ")");
  }
};

}  // namespace

std::string percent_of(const nlohmann::json& report) {
  const double progress = number_of(report, "progress");
  if (!(progress >= 0.01)) return "";
  return std::to_string(static_cast<int>(std::min(progress, 1.0) * 100)) + " %";
}

io::Task<Result<void>> load_with_progress(ServiceClient& service, std::string model) {
  LoadReport report{.model = model, .partial = {}, .error = {}, .begun = false, .line = {}};
  std::function<bool(std::string_view)> take = [&report](std::string_view bytes) {
    return report.take(bytes);
  };
  std::string method = "POST";
  std::string path = "/api/models/load/" + percent_encode(model);
  std::string body;
  Result<void> done =
      co_await service.stream(std::move(method), std::move(path), std::move(body), std::move(take));
  if (done.has_value() && !report.error.empty()) done = fail(Code::kUnavailable, report.error);
  if (done.has_value() && !report.begun) done = std::unexpected(service.foreign());
  co_return done;
}

}  // namespace corral::cli
