#include "cli/dashboard_actions.h"

#include <nlohmann/json.hpp>

#include "base/strings.h"
#include "cli/json_fields.h"

namespace corral::cli {
namespace {

constexpr Duration kNoteTime = seconds(8);
constexpr std::size_t kMostUnderWay = 64;

// The end of what the load route answers: a line of JSON for each change, the last of which may be
// an error.
struct LoadEnd {
  std::string tail;

  bool take(std::string_view bytes) {
    constexpr std::size_t kMost = 64 * 1024;
    tail.append(bytes);
    if (tail.size() > kMost) tail.erase(0, tail.size() - kMost);
    return true;
  }

  std::string error() const {
    const std::string_view text = trim(tail);
    const std::string_view line = text.substr(text.rfind('\n') + 1);
    const nlohmann::json json = nlohmann::json::parse(line, nullptr, false);
    if (!json.is_object() || !json.contains("error")) return "";
    return error_text(json["error"], "the model could not be loaded");
  }
};

}  // namespace

DashboardActions::DashboardActions(io::Loop& loop, DashboardControls& controls, io::Event& changed)
    : loop_(loop), controls_(controls), changed_(changed) {}

void DashboardActions::begin(Order order, std::string url) {
  under_way_.remove_if([](const io::Task<void>& task) { return task.done(); });
  if (under_way_.size() >= kMostUnderWay) {
    note("too much is under way; wait until some of it is done", true);
    return;
  }
  under_way_.push_back(carry_out(std::move(order), std::move(url)));
  under_way_.back().start();
}

void DashboardActions::note(std::string text, bool is_error) {
  controls_.note(std::move(text), is_error, loop_.now() + kNoteTime);
  changed_.set();
}

void DashboardActions::note_begun(std::string text) {
  controls_.note(std::move(text), false, Instant::max());  // until it is done
  changed_.set();
}

io::Task<void> DashboardActions::carry_out(Order order, std::string url) {
  Result<ServiceClient> service = ServiceClient::make(loop_, url);
  if (!service.has_value()) {
    note(service.error().message, true);
    co_return;
  }
  Result<void> done;
  std::string words;
  if (order.kind == Order::Kind::kLoad) {
    note_begun("loading " + order.model);
    done = co_await load(*service, order.model);
    words = order.model + " is ready";
  } else if (order.kind == Order::Kind::kUnload) {
    note_begun("unloading " + order.model);
    std::string path = "/api/models/unload/" + percent_encode(order.model);
    done = co_await post(*service, std::move(path));
    words = order.model + " is unloaded";
  } else if (order.kind == Order::Kind::kCancel) {
    std::string path = "/api/requests/" + std::to_string(order.request) + "/cancel";
    done = co_await post(*service, std::move(path));
    words = "request " + std::to_string(order.request) + " is cancelled";
  }
  note(done.has_value() ? words : done.error().message, !done.has_value());
}

io::Task<Result<void>> DashboardActions::load(ServiceClient& service, std::string model) {
  LoadEnd end;
  std::function<bool(std::string_view)> take = [&end](std::string_view bytes) {
    return end.take(bytes);
  };
  std::string method = "POST";
  std::string path = "/api/models/load/" + percent_encode(model);
  std::string body;
  Result<void> done =
      co_await service.stream(std::move(method), std::move(path), std::move(body), std::move(take));
  const std::string error = end.error();
  if (done.has_value() && !error.empty()) done = fail(Code::kUnavailable, error);
  co_return done;
}

io::Task<Result<void>> DashboardActions::post(ServiceClient& service, std::string path) {
  std::string method = "POST";
  const Result<std::string> reply = co_await service.fetch(std::move(method), std::move(path));
  if (!reply.has_value()) co_return std::unexpected(reply.error());
  co_return Result<void>{};
}

}  // namespace corral::cli
