// Counters: what the gateway has done since it started, for each model, and the same as Prometheus
// text (exposition format 0.0.4). Passive: the gateway tells it, on the loop's thread.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/time.h"
#include "telemetry/usage.h"

namespace corral::telemetry {

// Upper bounds of the duration histogram's buckets, in seconds; the last one is infinite.
inline constexpr std::array<double, 10> kSecondsBounds = {0.005, 0.02, 0.1, 0.5, 1,
                                                          2.5,   10,   30,  120, 600};

struct Histogram {
  std::array<std::uint64_t, kSecondsBounds.size() + 1> counts{};  // not cumulative
  double sum = 0;
  void add(double seconds);
};

// Facts about one request that has ended.
struct RequestRecord {
  std::string_view model;  // empty when the request named none that is known
  int status = 0;          // 0: the client left before there was one
  Duration whole{};        // from the head to the last byte
  Duration first_byte{};   // from the head to the reply's first byte; zero if there was none
  Usage usage{};
};

// The state of one model now, for the gauges.
struct ModelGauge {
  std::string id;
  std::string state;
  std::size_t in_flight = 0;
  std::size_t waiting = 0;
};

class Counters {
 public:
  void record(const RequestRecord& record);
  void replayed(std::string_view model) { ++of(model).replays; }
  void continued(std::string_view model) { ++of(model).continuations; }
  void cut(std::string_view model) { ++of(model).cuts; }
  void engine_started(std::string_view model) { ++of(model).starts; }
  void engine_failed(std::string_view model) { ++of(model).failures; }

  // What the model's engine told of its last reply, in tokens a second; 0 if it told nothing yet.
  double last_speed(std::string_view model) const;

  std::string prometheus(const std::vector<ModelGauge>& gauges) const;

 private:
  struct Model {
    std::map<int, std::uint64_t> by_status;
    std::uint64_t prompt_tokens = 0;
    std::uint64_t cached_tokens = 0;
    std::uint64_t generated_tokens = 0;
    std::uint64_t replays = 0;        // requests sent again after their engine ended
    std::uint64_t continuations = 0;  // streams that a new engine went on with
    std::uint64_t cuts = 0;           // replies that their engine did not finish
    std::uint64_t starts = 0;         // engines that became ready
    std::uint64_t failures = 0;       // starts that failed and engines that ended unasked
    double last_speed = 0;
    Histogram whole;
    Histogram first_byte;
  };
  Model& of(std::string_view id);

  std::map<std::string, Model, std::less<>> models_;
};

}  // namespace corral::telemetry
