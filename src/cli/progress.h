// What a person sees while a model loads: one line on stderr that is drawn over itself, only where
// stderr is a terminal.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>

#include "cli/service_client.h"

namespace corral::cli {

class ProgressLine {
 public:
  ProgressLine();
  ~ProgressLine() { clear(); }
  ProgressLine(const ProgressLine&) = delete;
  ProgressLine& operator=(const ProgressLine&) = delete;

  void show(const std::string& text);
  void clear();

 private:
  const bool visible_;
  std::size_t shown_ = 0;
};

// "45 %" of the `progress` in a line about an engine; empty while there is none.
std::string percent_of(const nlohmann::json& report);

// Loads the model and shows how far it is. Returns when it is ready, or why it is not.
io::Task<Result<void>> load_with_progress(ServiceClient& service, std::string model);

}  // namespace corral::cli
