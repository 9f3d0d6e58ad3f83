// Dashboard: what `corral top` knows of a service, put together from what the service tells: the
// events of GET /api/events, and GET /api/status and GET /metrics for what has no events. Pure:
// text in, facts out; the clocks are passed in. What a service sends is checked like any
// stranger's.
#pragma once

#include <chrono>
#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "cli/rate_meter.h"

namespace corral::cli {

// One moment by both clocks: the service's times are of the calendar, ages are not.
struct Moment {
  Instant now{};
  std::chrono::system_clock::time_point wall{};
};

// What GET /api/status tells of a model, in the words of gateway/model_status.h.
struct ModelRow {
  struct LastError {
    std::string message;
    std::string hint;
    std::string output;  // the engine's own last lines
    Instant at{};
  };
  std::string id;
  std::string state = "stopped";
  std::string health = "unknown";
  double progress = 0;
  std::string stage{};
  std::optional<std::uint64_t> pid{};
  std::optional<Instant> ready_since{};
  std::uint64_t restarts = 0;
  std::string stop_reason{};
  std::string
      last_exit{};  // "SIGKILL, killed" or "status 1, out_of_memory"; empty if there is none
  std::optional<LastError> last_error{};
  std::optional<Instant> retry_at{};
  std::optional<std::uint64_t> memory_bytes{};
  std::uint64_t in_flight = 0;
  std::uint64_t waiting = 0;
  std::optional<double> tokens_per_second{};  // of the engine's last reply

  // Of the streams that pass now, all together.
  static constexpr Duration kStreamWindow = seconds(5);
  RateMeter streamed_tokens{kStreamWindow};
  // From the service's counters, which grow when a reply has ended.
  static constexpr Duration kTokenWindow = seconds(30);
  RateMeter prompt_tokens{kTokenWindow};
  RateMeter generated_tokens{kTokenWindow};

  bool loaded() const { return state != "stopped" && state != "failed"; }
  bool busy() const { return in_flight + waiting > 0; }
};

struct RequestRow {
  static constexpr Duration kByteWindow = seconds(5);
  std::uint64_t id = 0;
  std::string model{};
  std::string path{};
  std::string client{};
  Instant since{};
  RateMeter bytes{kByteWindow};  // of the reply
  std::uint64_t tokens = 0;      // of the reply, about
};

class Dashboard {
 public:
  // The service's address, for people.
  explicit Dashboard(std::string url) : url_(std::move(url)) {}

  // The service is connected; its greeting comes next.
  void connected(std::string url);
  // It is not, for this reason. What was known stays, as what was known last; requests are gone.
  void lost(std::string problem);

  // An event's data, {"type","data"}. False if no Corral would send it.
  bool take_event(std::string_view data, Moment moment);
  // The body of GET /api/status: the whole list in its order. False as above.
  bool take_status(std::string_view body, Moment moment);
  // The body of GET /api/requests, for who has no events. False as above.
  bool take_request_list(std::string_view body, Moment moment);
  // The body of GET /metrics.
  void take_metrics(std::string_view body, Instant now);

  const std::string& url() const { return url_; }
  bool is_connected() const { return connected_; }
  const std::string& problem() const { return problem_; }  // empty while connected
  // All engines are stopped, and requests wait.
  bool suspended() const { return suspended_; }
  const std::vector<ModelRow>& models() const { return models_; }
  const std::vector<RequestRow>& requests() const { return requests_; }  // oldest first
  const ModelRow* find_model(std::string_view id) const;
  const RequestRow* find_request(std::uint64_t id) const;

 private:
  ModelRow& row_of(const std::string& id);
  void take_model(const nlohmann::json& status, Moment moment);
  void take_request(const nlohmann::json& request, Moment moment);
  void note_tokens(RequestRow& request, std::uint64_t tokens, Instant now);
  void take_requests(const nlohmann::json& change, Moment moment);
  void order_models(const std::vector<std::string>& ids);

  std::string url_;
  bool connected_ = false;
  std::string problem_;
  bool suspended_ = false;
  std::vector<ModelRow> models_;
  std::vector<RequestRow> requests_;
};

}  // namespace corral::cli
