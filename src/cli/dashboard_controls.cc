#include "cli/dashboard_controls.h"
#include "cli/short_text.h"

#include <algorithm>
#include <utility>

#include "cli/dashboard_details.h"
#include "cli/text_width.h"

namespace corral::cli {
namespace {

constexpr std::ptrdiff_t kPage = 10;
constexpr std::ptrdiff_t kAll = 1'000'000;
constexpr int kMostName = 30;  // columns of a name in a question
constexpr char kCtrlC = '\x03';
constexpr char kCtrlL = '\x0c';

std::size_t moved(std::size_t index, std::ptrdiff_t by, std::size_t count) {
  const auto last = static_cast<std::ptrdiff_t>(count) - 1;
  return static_cast<std::size_t>(
      std::clamp<std::ptrdiff_t>(static_cast<std::ptrdiff_t>(index) + by, 0, std::max(last, {})));
}

}  // namespace

void DashboardControls::follow(const Dashboard& dashboard) {
  const std::vector<ModelRow>& models = dashboard.models();
  const auto model = std::ranges::find(models, model_, &ModelRow::id);
  if (model != models.end()) {
    model_index_ = static_cast<std::size_t>(model - models.begin());
  } else {
    model_index_ = moved(model_index_, 0, models.size());
    model_ = models.empty() ? "" : models[model_index_].id;
  }
  const std::vector<RequestRow>& requests = dashboard.requests();
  const auto request = std::ranges::find(requests, request_, &RequestRow::id);
  if (request != requests.end()) {
    request_index_ = static_cast<std::size_t>(request - requests.begin());
  } else {
    request_index_ = moved(request_index_, 0, requests.size());
    request_ = requests.empty() ? 0 : requests[request_index_].id;
  }
  // What was asked about may be over.
  const bool over = asked_.kind == Order::Kind::kCancel
                        ? dashboard.find_request(asked_.request) == nullptr
                        : dashboard.find_model(asked_.model) == nullptr;
  if (!question_.empty() && (over || !dashboard.is_connected())) question_.clear();
}

void DashboardControls::note(std::string text, bool is_error, Instant until) {
  note_ = std::move(text);
  note_is_error_ = is_error;
  note_until_ = until;
}

void DashboardControls::forget_note(Instant now) {
  if (now >= note_until_) note_.clear();
}

void DashboardControls::refuse(std::string text) { note(std::move(text), true, Instant::max()); }

void DashboardControls::ask(std::string question, Order order) {
  question_ = std::move(question);
  asked_ = std::move(order);
}

std::optional<Order> DashboardControls::press(Key key, const Dashboard& dashboard) {
  follow(dashboard);
  note_.clear();
  const bool letter = key.kind == Key::Kind::kLetter;
  const bool quits = letter && key.letter == kCtrlC;
  if (!question_.empty() && !quits) {
    question_.clear();
    const bool agreed = letter && (key.letter == 'y' || key.letter == 'Y');
    return agreed ? std::optional(asked_) : std::nullopt;
  }
  switch (key.kind) {
    case Key::Kind::kLetter: return press_letter(key.letter, dashboard);
    case Key::Kind::kTab:
    case Key::Kind::kBackTab:
      pane_ = pane_ == Pane::kModels ? Pane::kRequests : Pane::kModels;
      break;
    case Key::Kind::kEscape: pane_ = Pane::kModels; break;
    case Key::Kind::kUp: move(-1, dashboard); break;
    case Key::Kind::kDown: move(1, dashboard); break;
    case Key::Kind::kPageUp: move(-kPage, dashboard); break;
    case Key::Kind::kPageDown: move(kPage, dashboard); break;
    case Key::Kind::kHome: move(-kAll, dashboard); break;
    case Key::Kind::kEnd: move(kAll, dashboard); break;
    case Key::Kind::kEnter:
    case Key::Kind::kUnknown: break;
  }
  return std::nullopt;
}

std::optional<Order> DashboardControls::press_letter(char letter, const Dashboard& dashboard) {
  switch (letter) {
    case 'q':
    case 'Q':
    case kCtrlC: return Order{.kind = Order::Kind::kQuit};
    case kCtrlL: return Order{.kind = Order::Kind::kRedraw};
    case 'k': move(-1, dashboard); break;
    case 'j': move(1, dashboard); break;
    case 'g': move(-kAll, dashboard); break;
    case 'G': move(kAll, dashboard); break;
    case 'l':
    case 'u':
    case 'c':
      if (!dashboard.is_connected()) {
        refuse("there is no connection to the service");
        break;
      }
      if (letter == 'l') return load(dashboard);
      if (letter == 'u') return unload(dashboard);
      cancel(dashboard);
      break;
    default: break;
  }
  return std::nullopt;
}

void DashboardControls::move(std::ptrdiff_t by, const Dashboard& dashboard) {
  if (pane_ == Pane::kModels && !dashboard.models().empty()) {
    model_index_ = moved(model_index_, by, dashboard.models().size());
    model_ = dashboard.models()[model_index_].id;
  }
  if (pane_ == Pane::kRequests && !dashboard.requests().empty()) {
    request_index_ = moved(request_index_, by, dashboard.requests().size());
    request_ = dashboard.requests()[request_index_].id;
  }
}

std::optional<Order> DashboardControls::load(const Dashboard& dashboard) {
  const ModelRow* model = dashboard.find_model(model_);
  if (model == nullptr) return std::nullopt;
  if (model->loaded() && model->state != "stopping") {
    refuse(model->id + " is " + model->state + " already");
    return std::nullopt;
  }
  return Order{.kind = Order::Kind::kLoad, .model = model->id};
}

std::optional<Order> DashboardControls::unload(const Dashboard& dashboard) {
  const ModelRow* model = dashboard.find_model(model_);
  if (model == nullptr) return std::nullopt;
  Order order{.kind = Order::Kind::kUnload, .model = model->id};
  if (!model->loaded()) {
    refuse(model->id + " is not loaded");
    return std::nullopt;
  }
  if (!model->busy()) return order;
  const std::string waiting =
      model->waiting > 0 ? " and " + std::to_string(model->waiting) + " waiting" : "";
  ask("Unload " + fitted(model->id, kMostName) + " with " + counted(model->in_flight, "request") +
          " running" + waiting + "?",
      order);
  return std::nullopt;
}

void DashboardControls::cancel(const Dashboard& dashboard) {
  if (pane_ == Pane::kModels && !dashboard.requests().empty()) {
    pane_ = Pane::kRequests;  // shows which one it is about; the same key then asks
    return;
  }
  const RequestRow* request = dashboard.find_request(request_);
  if (request == nullptr) {
    refuse("no request is in flight");
    return;
  }
  ask("Cancel request " + std::to_string(request->id) + " to " + fitted(request->model, kMostName) +
          "?",
      Order{.kind = Order::Kind::kCancel, .request = request->id});
}

}  // namespace corral::cli
