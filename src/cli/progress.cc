#include "cli/progress.h"

#include <unistd.h>

#include <cstdio>
#include <nlohmann/json.hpp>

#include "base/strings.h"

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
  ProgressLine line;

  bool take(std::string_view bytes) {
    partial.append(bytes);
    for (std::size_t end = partial.find('\n'); end != std::string::npos; end = partial.find('\n')) {
      show(Json::parse(partial.substr(0, end), nullptr, false));
      partial.erase(0, end + 1);
    }
    return true;
  }

  void show(const Json& report) {
    if (!report.is_object()) return;
    if (report.contains("error")) {
      error = report["error"].value("message", "the model could not be loaded");
      return;
    }
    const int percent = static_cast<int>(report.value("progress", 0.0) * 100);
    std::string text = model + ": " + report.value("state", "");
    if (percent > 0) text += " " + std::to_string(percent) + " %";
    const std::string stage = report.value("stage", "");
    line.show(stage.empty() ? text : text + " (" + stage + ")");
  }
};

}  // namespace

io::Task<Result<void>> load_with_progress(ServiceClient& service, std::string model) {
  LoadReport report{.model = model, .partial = {}, .error = {}, .line = {}};
  std::function<bool(std::string_view)> take = [&report](std::string_view bytes) {
    return report.take(bytes);
  };
  Result<void> done = co_await service.stream("POST", "/api/models/load/" + percent_encode(model),
                                              "", std::move(take));
  if (done.has_value() && !report.error.empty()) done = fail(Code::kUnavailable, report.error);
  co_return done;
}

}  // namespace corral::cli
