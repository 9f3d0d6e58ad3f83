// The keys at the top of the config, but for `macros` and `models`, which config.cc reads.
#pragma once

#include <chrono>

#include "base/result.h"
#include "config/config.h"
#include "config/reader.h"

namespace corral::config {

// A name that the config uses for a model.
struct NamedModel {
  std::string name;
  Mark mark;
};

struct Globals {
  Config config;                // its global values are filled in
  std::chrono::seconds ttl{0};  // for models that have none of their own, as the next two
  Care care;
  std::chrono::milliseconds unload_timeout{10000};
  std::vector<NamedModel> preload;
};

// Seconds, limited so that they can be added to any time of this century.
std::chrono::seconds to_seconds(std::int64_t count);

// `root` has its macros expanded. A value that is wrong leaves its default and an error in
// `reader`.
Globals read_globals(const Node& root, Reader& reader);

}  // namespace corral::config
