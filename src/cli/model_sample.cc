#include "cli/model_sample.h"

#include <algorithm>

#include "base/strings.h"

namespace corral::cli {

std::optional<ModelSample> read_model_sample(std::string_view line) {
  constexpr std::string_view kLabel = "{model=\"";
  const std::size_t label = line.find(kLabel);
  if (label == std::string_view::npos) return std::nullopt;
  ModelSample sample{.name = line.substr(0, label), .model = {}};
  std::size_t at = label + kLabel.size();
  while (at < line.size() && line[at] != '"') {
    if (line[at] == '\\' && at + 1 < line.size()) {
      ++at;
      sample.model += line[at] == 'n' ? '\n' : line[at];
    } else {
      sample.model += line[at];
    }
    ++at;
  }
  constexpr std::string_view kEnd = "\"} ";
  if (line.substr(std::min(at, line.size()), kEnd.size()) != kEnd) return std::nullopt;
  const std::optional<std::uint64_t> value = parse_u64(trim(line.substr(at + kEnd.size())));
  if (!value) return std::nullopt;
  sample.value = *value;
  return sample;
}

}  // namespace corral::cli
