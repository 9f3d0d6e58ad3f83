// Preload: loads models when the service starts, one after another, beside everything else that it
// does. A model that cannot be loaded is told in the log, and the next one is tried.
//
// Loop thread only.
#pragma once

#include <vector>

#include "gateway/conductor.h"

namespace corral::gateway {

class Preload {
 public:
  // Begins at once. The conductor outlives it.
  Preload(Conductor& conductor, std::vector<ModelIndex> models);
  ~Preload() { loading_.cancel(); }
  Preload(const Preload&) = delete;
  Preload& operator=(const Preload&) = delete;

 private:
  io::Task<void> load();

  Conductor& conductor_;
  const std::vector<ModelIndex> models_;
  io::Task<void> loading_;
};

}  // namespace corral::gateway
