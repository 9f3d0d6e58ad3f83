#include "cli/dashboard_table.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <span>

#include "cli/short_text.h"

namespace corral::cli {
namespace {

constexpr int kMargin = 2;  // before the first column
constexpr int kGap = 2;     // between two
constexpr int kMostName = 40;

struct Column {
  const char* title;
  int width;
  int priority;  // the higher, the sooner it goes; 0 stays
  bool right = false;
};

enum ModelColumn : std::size_t {
  kModel,
  kState,
  kHealth,
  kRunning,
  kWaiting,
  kSpeed,
  kPromptRate,
  kGeneratedRate,
  kMemory,
  kUptime,
  kRestarts,
  kPid,
  kLastError
};
constexpr Column kModelColumns[] = {
    {"MODEL", 16, 0},      {"STATE", 17, 0},      {"HEALTH", 9, 5},         {"RUN", 3, 1, true},
    {"WAIT", 4, 2, true},  {"TOK/S", 5, 3, true}, {"PROMPT/S", 8, 9, true}, {"GEN/S", 5, 8, true},
    {"MEM", 5, 4, true},   {"UP", 5, 6, true},    {"RESTARTS", 8, 7, true}, {"PID", 7, 10, true},
    {"LAST ERROR", 30, 11}};

enum RequestColumn : std::size_t { kId, kAge, kOfModel, kPath, kSent, kByteRate, kClient };
constexpr Column kRequestColumns[] = {
    {"REQUEST", 7, 0, true}, {"AGE", 6, 0, true}, {"MODEL", 16, 1}, {"PATH", 20, 3},
    {"SENT", 5, 2, true},    {"B/S", 5, 4, true}, {"CLIENT", 15, 5}};

int longest_name(const std::vector<ModelRow>& models) {
  int most = 0;
  for (const ModelRow& model : models) most = std::max(most, display_width(model.id));
  return most;
}

// The columns that fit. One that holds names, `named`, gets `names` columns before there are any of
// the less important ones, and where nothing helps, less than it should have.
std::vector<PlacedColumn> place(std::span<const Column> columns, std::size_t named, int names,
                                int width) {
  std::vector<int> widths;
  for (const Column& column : columns) widths.push_back(column.width);
  std::vector<std::size_t> kept(columns.size());
  std::iota(kept.begin(), kept.end(), std::size_t{0});
  const auto missing = [&] {
    int sum = kMargin - kGap - width;
    for (const std::size_t i : kept) sum += widths[i] + kGap;
    return sum;
  };
  const auto drop_down_to = [&](int least) {
    while (missing() > 0) {
      const auto last =
          std::ranges::max_element(kept, {}, [&](std::size_t i) { return columns[i].priority; });
      if (columns[*last].priority < least) break;
      kept.erase(last);
    }
  };
  constexpr int kLessImportant = 8;
  constexpr int kLeast = 8;
  constexpr int kRoomyName = 28;
  widths[named] = std::clamp(names, kLeast, kRoomyName);
  drop_down_to(kLessImportant);
  widths[named] = std::min(widths[named], columns[named].width);
  drop_down_to(1);
  widths[named] = std::max(widths[named] - std::max(missing(), 0), kLeast);
  std::vector<PlacedColumn> placed;
  int at = kMargin;
  for (const std::size_t i : kept) {
    placed.push_back({i, at, widths[i]});
    at += widths[i] + kGap;
  }
  return placed;
}

// Gives a column up to `most` of the room that is left.
void widen(std::vector<PlacedColumn>& placed, std::size_t what, int most, int width) {
  const auto column = std::ranges::find(placed, what, &PlacedColumn::what);
  if (column == placed.end() || placed.empty()) return;
  const int room = width - (placed.back().at + placed.back().width);
  const int more = std::clamp(most - column->width, 0, std::max(room, 0));
  column->width += more;
  for (auto later = column + 1; later != placed.end(); ++later) later->at += more;
}

void draw_text(Screen& screen, int row, const PlacedColumn& column, bool right,
               const std::string& text, Style style = {}) {
  const int width = std::min(column.width, screen.size().columns - column.at);
  const std::string shown = fitted(text, width);
  const int indent = right ? width - display_width(shown) : 0;
  screen.put(row, column.at + indent, shown, style);
}

void draw_heading(Screen& screen, int row, std::span<const Column> table,
                  const std::vector<PlacedColumn>& columns) {
  for (const PlacedColumn& column : columns) {
    const Column& what = table[column.what];
    draw_text(screen, row, column, what.right, what.title, {.dim = true});
  }
}

std::string count(std::uint64_t number) { return number == 0 ? "-" : std::to_string(number); }

std::string last_error(const ModelRow& model) {
  return model.last_error ? model.last_error->message : "";
}

bool streams(const ModelRow& model, Instant now) {
  return model.in_flight > 0 && model.streamed_tokens.rate(now).value_or(0) > 0;
}

std::string text_in(const ModelRow& model, std::size_t column, Instant now) {
  switch (column) {
    case kModel: return model.id;
    case kHealth: return model.health == "unknown" ? "-" : model.health;
    case kRunning: return count(model.in_flight);
    case kWaiting: return count(model.waiting);
    case kSpeed:
      if (!model.loaded()) return "-";
      return short_rate(streams(model, now) ? model.streamed_tokens.rate(now)
                                            : model.tokens_per_second);
    case kPromptRate: return short_rate(model.prompt_tokens.rate(now));
    case kGeneratedRate: return short_rate(model.generated_tokens.rate(now));
    case kMemory: return short_size(model.memory_bytes);
    case kUptime: return model.ready_since ? coarse_age(now - *model.ready_since) : "-";
    case kRestarts: return count(model.restarts);
    case kPid: return model.pid ? std::to_string(*model.pid) : "-";
    case kLastError: return last_error(model);
    default: return "";
  }
}

std::string text_in(const RequestRow& request, std::size_t column, Instant now) {
  switch (column) {
    case kId: return std::to_string(request.id);
    case kAge: return fine_age(now - request.since);
    case kOfModel: return request.model;
    case kPath: return request.path;
    case kSent: return short_size(request.bytes.value());
    case kByteRate: {
      const double rate = request.bytes.rate(now).value_or(0);
      return rate < 1 ? "-" : short_size(static_cast<std::uint64_t>(rate));
    }
    case kClient: return request.client;
    default: return "";
  }
}

// Digits that stand still matter less than those that move.
Style quiet_if_dash(const std::string& text) { return {.dim = text == "-"}; }

void draw_state(Screen& screen, int row, const PlacedColumn& column, const ModelRow& model,
                Instant now) {
  const Style style = state_style(model);
  const std::string words = state_words(model, now);
  const bool bar = model.state == "loading" && model.progress > 0;
  draw_text(screen, row, column, false, words, style);
  constexpr int kPercent = 5;  // " 100%"
  constexpr int kLeast = 2;
  const int at = column.at + display_width(words) + 1;
  const int room = column.at + column.width - at - kPercent;
  if (!bar || room < kLeast) return;
  draw_bar(screen, row, at, room, model.progress, style);
  const std::string percent = std::to_string(static_cast<int>(model.progress * 100)) + "%";
  screen.put(row, at + room + kPercent - display_width(percent), percent, style);
}

}  // namespace

void draw_bar(Screen& screen, int row, int column, int width, double progress, Style style) {
  const int full = std::clamp(static_cast<int>(std::lround(progress * width)), 0, width);
  for (int i = 0; i < width; ++i) {
    const bool done = i < full;
    const Style rest = {.colour = style.colour, .dim = true};
    screen.put(row, column + i, done ? "█" : "░", done ? style : rest);
  }
}

Style state_style(const ModelRow& model) {
  if (model.state == "ready") return {.colour = Colour::kGreen};
  if (model.state == "sleeping") return {.colour = Colour::kCyan};
  if (model.state == "failed") return {.colour = Colour::kRed, .bold = true};
  if (model.state == "stopped") return {.dim = true};
  return {.colour = Colour::kYellow};  // on its way
}

Style health_style(const ModelRow& model) {
  if (model.health == "healthy") return {.colour = Colour::kGreen};
  if (model.health == "degraded") return {.colour = Colour::kYellow};
  if (model.health == "unhealthy") return {.colour = Colour::kRed, .bold = true};
  return {.dim = true};
}

std::string state_words(const ModelRow& model, Instant now) {
  if (model.state != "failed" || !model.retry_at || *model.retry_at <= now) return model.state;
  const Duration left = std::chrono::ceil<seconds>(*model.retry_at - now);
  return "failed, retry " + coarse_age(left);
}

std::vector<PlacedColumn> place_model_columns(const std::vector<ModelRow>& models, int width) {
  const int names = longest_name(models);
  std::vector<PlacedColumn> placed = place(kModelColumns, kModel, names, width);
  constexpr int kMostState = 26;
  widen(placed, kModel, std::min(names, kMostName), width);
  widen(placed, kState, kMostState, width);
  widen(placed, kLastError, width, width);
  return placed;
}

std::vector<PlacedColumn> place_request_columns(const std::vector<ModelRow>& models, int width) {
  const int names = longest_name(models);
  std::vector<PlacedColumn> placed = place(kRequestColumns, kOfModel, names, width);
  constexpr int kMostPath = 40;
  constexpr int kMostClient = 39;  // of an IPv6 address
  widen(placed, kOfModel, std::min(names, kMostName), width);
  widen(placed, kPath, kMostPath, width);
  widen(placed, kClient, kMostClient, width);
  return placed;
}

void draw_model_heading(Screen& screen, int row, const std::vector<PlacedColumn>& columns) {
  draw_heading(screen, row, kModelColumns, columns);
}

void draw_request_heading(Screen& screen, int row, const std::vector<PlacedColumn>& columns) {
  draw_heading(screen, row, kRequestColumns, columns);
}

void draw_model(Screen& screen, int row, const std::vector<PlacedColumn>& columns,
                const ModelRow& model, Instant now) {
  for (const PlacedColumn& column : columns) {
    if (column.what == kState) {
      draw_state(screen, row, column, model, now);
      continue;
    }
    const std::string text = text_in(model, column.what, now);
    Style style = quiet_if_dash(text);
    if (column.what == kHealth) style = health_style(model);
    if (column.what == kWaiting && model.waiting > 0) style = {.colour = Colour::kYellow};
    if (column.what == kSpeed && !streams(model, now)) style = {.dim = true};  // of the last reply
    if (column.what == kLastError) style = {.dim = model.state != "failed"};
    draw_text(screen, row, column, kModelColumns[column.what].right, text, style);
  }
}

void draw_request(Screen& screen, int row, const std::vector<PlacedColumn>& columns,
                  const RequestRow& request, Instant now) {
  for (const PlacedColumn& column : columns) {
    const std::string text = text_in(request, column.what, now);
    draw_text(screen, row, column, kRequestColumns[column.what].right, text, quiet_if_dash(text));
  }
}

}  // namespace corral::cli
