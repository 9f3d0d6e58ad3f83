#include "cli/dashboard_details.h"

#include <algorithm>

#include "base/strings.h"
#include "cli/dashboard_table.h"
#include "cli/short_text.h"

namespace corral::cli {
namespace {

constexpr int kIndent = 2;

void draw_loading(Screen& screen, int row, const ModelRow& model) {
  const Style style = state_style(model);
  const std::string stage = model.stage.empty() ? "" : "  " + model.stage;
  const std::string percent = std::to_string(static_cast<int>(model.progress * 100));
  int at = screen.put(row, kIndent, model.state + " " + percent + "% ", style);
  constexpr int kLeastBar = 4;
  constexpr int kMostBar = 40;
  const int room = screen.size().columns - at - display_width(stage) - kIndent;
  if (room >= kLeastBar) {
    const int width = std::min(room, kMostBar);
    draw_bar(screen, row, at, width, model.progress, style);
    at += width;
  }
  screen.put(row, at, stage);
}

void draw_process(Screen& screen, int row, const ModelRow& model, Instant now) {
  int at = screen.put(row, kIndent, state_words(model, now), state_style(model));
  if (model.health != "unknown") {
    at = screen.put(row, at, ", ");
    at = screen.put(row, at, model.health, health_style(model));
  }
  std::string text;
  if (model.pid) text += " · pid " + std::to_string(*model.pid);
  if (model.ready_since) text += " · up " + coarse_age(now - *model.ready_since);
  if (model.memory_bytes) text += " · " + short_size(model.memory_bytes);
  if (model.restarts > 0) text += " · " + counted(model.restarts, "restart");
  if (!model.stop_reason.empty()) text += " · last stop: " + model.stop_reason;
  if (!model.last_exit.empty()) text += " (" + model.last_exit + ")";
  screen.put(row, at, fitted(text, screen.size().columns - at));
}

void draw_tokens(Screen& screen, int row, const ModelRow& model, Instant now) {
  const auto part = [&](const char* name, const RateMeter& meter) {
    const std::string rate = short_rate(meter.rate(now));
    return name + std::to_string(meter.value().value_or(0)) +
           (rate == "-" ? "" : " (" + rate + "/s)");
  };
  std::string text =
      part("tokens: prompt ", model.prompt_tokens) + part(" · generated ", model.generated_tokens);
  if (model.tokens_per_second)
    text += " · last reply " + short_rate(model.tokens_per_second) + "/s";
  screen.put(row, kIndent, fitted(text, screen.size().columns - kIndent));
}

}  // namespace

void draw_details(Screen& screen, int row, int rows, const ModelRow& model, Instant now) {
  const int end = row + rows;
  if (model.state == "loading") {
    draw_loading(screen, row++, model);
  } else {
    draw_process(screen, row++, model, now);
  }
  if (row < end) draw_tokens(screen, row++, model, now);
  draw_last_error(screen, row, end - row, model, now);
}

int draw_last_error(Screen& screen, int row, int rows, const ModelRow& model, Instant now) {
  if (!model.last_error || rows < 1) return row;
  const int end = row + rows;
  const int width = screen.size().columns - kIndent;
  const ModelRow::LastError& error = *model.last_error;
  const auto put = [&](const std::string& text, int most, Style style) {
    const auto lines = static_cast<std::size_t>(std::clamp(end - row, 0, most));
    if (lines == 0) return;
    for (const std::string& line : wrapped(text, width, lines))
      screen.put(row++, kIndent, line, style);
  };
  const Colour colour = model.state == "failed" ? Colour::kRed : Colour::kDefault;
  const int for_hint = error.hint.empty() || rows < 2 ? 0 : 1;
  put(coarse_age(now - error.at) + " ago: " + error.message, std::min(rows - for_hint, 2),
      {.colour = colour});
  put(error.hint, 2, {.bold = true});
  const std::vector<std::string_view> output = split(trim(error.output), '\n');
  const auto room = static_cast<std::size_t>(std::clamp(end - row, 0, 3));
  for (std::size_t i = output.size() - std::min(output.size(), room); i < output.size(); ++i)
    screen.put(row++, kIndent, fitted(output[i], width), {.dim = true});
  return row;
}

}  // namespace corral::cli
