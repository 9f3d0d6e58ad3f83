// A counter of one model, as a line of the Prometheus text that GET /metrics gives.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace corral::cli {

struct ModelSample {
  std::string_view name;  // points into the line
  std::string model;
  std::uint64_t value = 0;
};

// Reads NAME{model="ID"} VALUE, with no other label and a whole number; nothing otherwise.
std::optional<ModelSample> read_model_sample(std::string_view line);

}  // namespace corral::cli
