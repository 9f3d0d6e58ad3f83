#include "cli/dashboard_view.h"

#include <algorithm>

#include "cli/dashboard_details.h"
#include "cli/dashboard_table.h"
#include "cli/short_text.h"

namespace corral::cli {
namespace {

using Pane = DashboardControls::Pane;

// How many rows each part has.
struct Layout {
  int models = 0;
  int details = 0;   // its rule included
  int requests = 0;  // rows of the list, without its rule and heading
  int gap = 0;       // between header and models, which a problem takes
};

constexpr int kHeader = 1;
constexpr int kHeading = 1;
constexpr int kFooter = 2;        // question or note, and keys
constexpr int kRequestsHead = 2;  // rule and heading

Layout lay_out(Size size, std::size_t models, std::size_t requests, bool problem) {
  Layout layout;
  int rest = size.rows - kHeader - kHeading - kFooter;
  layout.gap = problem || size.rows >= 12 ? 1 : 0;
  rest -= layout.gap;
  const int wanted = static_cast<int>(std::min<std::size_t>(models, Screen::kMost));
  const int in_flight = static_cast<int>(std::clamp<std::size_t>(requests, 1, Screen::kMost));
  if (size.rows >= 16) layout.details = size.rows >= 36 ? 9 : 6;
  rest -= layout.details;
  const bool lists_both = rest >= kRequestsHead + 4;
  const int least = lists_both ? kRequestsHead + std::min(in_flight, 3) : 0;
  layout.models = std::clamp(wanted, 0, std::max(rest - least, 0));
  rest -= layout.models;
  if (lists_both) layout.requests = std::min(in_flight, rest - kRequestsHead);
  return layout;
}

// The first row of a list that is shown, so that the chosen one is.
std::size_t first_shown(std::size_t chosen, std::size_t count, int rows) {
  const auto height = static_cast<std::size_t>(std::max(rows, 1));
  if (count <= height) return 0;
  const std::size_t middle = chosen < height / 2 ? 0 : chosen - height / 2;
  return std::min(middle, count - height);
}

struct Sums {
  std::size_t loaded = 0;
  std::uint64_t running = 0;
  std::uint64_t waiting = 0;
  std::uint64_t memory = 0;
};

Sums sums_of(const Dashboard& dashboard) {
  Sums sums;
  for (const ModelRow& model : dashboard.models()) {
    sums.loaded += model.loaded() ? 1 : 0;
    sums.running += model.in_flight;
    sums.waiting += model.waiting;
    sums.memory += model.memory_bytes.value_or(0);
  }
  return sums;
}

std::string summary(const Dashboard& dashboard) {
  const Sums sums = sums_of(dashboard);
  std::string text =
      counted(dashboard.models().size(), "model") + ", " + std::to_string(sums.loaded) + " loaded";
  if (dashboard.suspended()) text += " · suspended";
  text += " · " + std::to_string(sums.running) + " running";
  if (sums.waiting > 0) text += ", " + std::to_string(sums.waiting) + " waiting";
  if (sums.memory > 0) text += " · " + short_size(sums.memory);
  return text;
}

// One drawing: where it has come to on the screen.
class View {
 public:
  View(const Dashboard& dashboard, Size size, Instant now)
      : dashboard_(dashboard), now_(now), screen_(size) {}

  Screen draw(const DashboardControls& controls) {
    const Size size = screen_.size();
    const Layout layout = lay_out(size, dashboard_.models().size(), dashboard_.requests().size(),
                                  !dashboard_.problem().empty());
    header(layout.gap > 0);
    models(layout, controls);
    if (layout.details > 0) details(layout, controls);
    if (layout.requests > 0) requests(layout, controls);
    footer(controls);
    return std::move(screen_);
  }

  Screen draw_all() {
    header(true);
    const std::vector<PlacedColumn> places = place_model_columns(dashboard_.models(), columns());
    draw_model_heading(screen_, row_++, places);
    for (const ModelRow& model : dashboard_.models())
      draw_model(screen_, row_++, places, model, now_);
    if (!dashboard_.requests().empty()) {
      const std::vector<PlacedColumn> at = place_request_columns(dashboard_.models(), columns());
      draw_request_heading(screen_, ++row_, at);
      for (const RequestRow& request : dashboard_.requests())
        draw_request(screen_, ++row_, at, request, now_);
      ++row_;
    }
    for (const ModelRow& model : dashboard_.models()) {
      if (!model.last_error) continue;
      screen_.put(++row_, 0, model.id + ":");
      row_ = draw_last_error(screen_, row_ + 1, Screen::kMost, model, now_);
    }
    return std::move(screen_);
  }

 private:
  int columns() const { return screen_.size().columns; }
  bool stale() const { return !dashboard_.is_connected(); }

  void header(bool gap) {
    int at = screen_.put(row_, 0, "Corral", {.bold = true});
    at = screen_.put(row_, at, "  " + dashboard_.url(), {.dim = true});
    const std::string sums = summary(dashboard_);
    const int begin = columns() - display_width(sums);
    if (dashboard_.is_connected() && begin > at + 1) screen_.put(row_, begin, sums);
    ++row_;
    if (!gap) return;
    screen_.put(row_, 0, fitted(dashboard_.problem(), columns()),
                {.colour = Colour::kRed, .bold = true});
    ++row_;
  }

  // A line across, with words on it and others at its end.
  void rule(const std::string& title, const std::string& end, bool active) {
    for (int column = 0; column < columns(); ++column)
      screen_.put(row_, column, "─", {.dim = true});
    screen_.put(row_, 2, " " + fitted(title, columns() - 8) + " ", {.bold = active});
    const int begin = columns() - 4 - display_width(end);
    if (!end.empty() && begin > display_width(title) + 6)
      screen_.put(row_, begin, " " + end + " ", {.dim = true});
    ++row_;
  }

  static std::string shown_of(std::size_t first, int rows, std::size_t count) {
    const auto height = static_cast<std::size_t>(std::max(rows, 0));
    if (count <= height) return "";
    return std::to_string(first + 1) + " to " + std::to_string(first + height) + " of " +
           std::to_string(count);
  }

  void mark(int row, bool active) {
    const Style style = active ? Style{.reverse = true} : Style{.bold = true};
    if (active) screen_.restyle(row, 0, columns(), style);
    screen_.put(row, 0, "›", style);
  }

  void models(const Layout& layout, const DashboardControls& controls) {
    const std::vector<ModelRow>& all = dashboard_.models();
    const std::vector<PlacedColumn> places = place_model_columns(all, columns());
    draw_model_heading(screen_, row_++, places);
    const std::size_t first = first_shown(controls.model_index(), all.size(), layout.models);
    models_shown_ = shown_of(first, layout.models, all.size());
    for (int i = 0; i < layout.models; ++i) {
      const std::size_t index = first + static_cast<std::size_t>(i);
      draw_model(screen_, row_, places, all[index], now_);
      if (stale()) screen_.restyle(row_, 0, columns(), {.dim = true});
      if (index == controls.model_index()) mark(row_, controls.pane() == Pane::kModels);
      ++row_;
    }
  }

  void details(const Layout& layout, const DashboardControls& controls) {
    const int end = row_ + layout.details;
    const std::vector<ModelRow>& all = dashboard_.models();
    if (all.empty()) {
      rule(stale() ? "No service" : "No models", "", false);
    } else {
      const ModelRow& model = all[std::min(controls.model_index(), all.size() - 1)];
      rule(model.id, models_shown_, true);
      const int begin = row_;
      draw_details(screen_, begin, end - begin, model, now_);
      for (int row = begin; stale() && row < end; ++row)
        screen_.restyle(row, 0, columns(), {.dim = true});
    }
    row_ = end;
  }

  void requests(const Layout& layout, const DashboardControls& controls) {
    const std::vector<RequestRow>& all = dashboard_.requests();
    const bool active = controls.pane() == Pane::kRequests;
    const std::size_t first = first_shown(controls.request_index(), all.size(), layout.requests);
    const std::string title =
        all.empty() ? "No requests in flight" : counted(all.size(), "request") + " in flight";
    rule(title, shown_of(first, layout.requests, all.size()), active);
    if (all.empty()) return;
    const std::vector<PlacedColumn> places = place_request_columns(dashboard_.models(), columns());
    draw_request_heading(screen_, row_++, places);
    for (int i = 0; i < layout.requests; ++i) {
      const std::size_t index = first + static_cast<std::size_t>(i);
      draw_request(screen_, row_, places, all[index], now_);
      if (active && index == controls.request_index()) mark(row_, true);
      ++row_;
    }
  }

  void footer(const DashboardControls& controls) {
    const int last = screen_.size().rows - 1;
    if (!controls.question().empty()) {
      screen_.put(last - 1, 0, fitted(controls.question(), columns()),
                  {.colour = Colour::kYellow, .bold = true});
    } else if (!controls.note_text().empty()) {
      const Style style = controls.note_is_error() ? Style{.colour = Colour::kRed} : Style{};
      screen_.put(last - 1, 0, fitted(controls.note_text(), columns()), style);
    }
    keys(last, controls);
  }

  void keys(int row, const DashboardControls& controls) {
    struct Hint {
      const char* key;
      const char* what;
    };
    constexpr Hint kHints[] = {{"q", "quit"},           {"↑↓", "choose"},
                               {"l", "load"},           {"u", "unload"},
                               {"c", "cancel request"}, {"Tab", "models/requests"}};
    constexpr Hint kAnswers[] = {{"y", "yes"}, {"n", "no"}};
    const bool asked = !controls.question().empty();
    int at = 0;
    const auto show = [&](const Hint& hint) {
      const int width = display_width(hint.key) + 1 + display_width(hint.what);
      if (at + width > columns()) return;
      int column = screen_.put(row, at, hint.key, {.bold = true});
      column = screen_.put(row, column + 1, hint.what, {.dim = true});
      at = column + 3;
    };
    if (asked) std::ranges::for_each(kAnswers, show);
    if (!asked) std::ranges::for_each(kHints, show);
  }

  const Dashboard& dashboard_;
  const Instant now_;
  Screen screen_;
  int row_ = 0;
  std::string models_shown_;
};

}  // namespace

Screen draw_dashboard(const Dashboard& dashboard, const DashboardControls& controls, Size size,
                      Instant now) {
  return View(dashboard, size, now).draw(controls);
}

std::string dashboard_text(const Dashboard& dashboard, int columns, Instant now) {
  const std::size_t rows =
      8 + 10 * dashboard.models().size() + dashboard.requests().size();  // more than are used
  const Size size = {columns, static_cast<int>(std::min<std::size_t>(rows, Screen::kMost))};
  const Screen screen = View(dashboard, size, now).draw_all();
  std::string text;
  for (int row = 0; row < screen.size().rows; ++row) text += screen.line(row) + "\n";
  text.erase(text.find_last_not_of('\n') + 1);
  return text + "\n";
}

}  // namespace corral::cli
