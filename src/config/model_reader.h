// One entry of `models`, from its tree to a checked Model.
#pragma once

#include <optional>
#include <vector>

#include "base/result.h"
#include "config/config.h"
#include "config/global_reader.h"
#include "config/macros.h"
#include "config/reader.h"

namespace corral::config {

// Gives ${PORT} its numbers, upwards from the config's startPort. Ports are not probed.
class PortCounter {
 public:
  explicit PortCounter(std::uint16_t first) : next_(first) {}
  // kInvalid behind port 65535, with a sentence that has no place yet.
  Result<int> take();

 private:
  int next_;
};

// What stays the same for all models.
struct ModelDefaults {
  const Macros& macros;            // the global ones
  const Environment& environment;  // for `~`
  const Globals& globals;
  const Overrides& overrides;
  const Ports& ports;
};

struct ReadModel {
  Model model;
  std::vector<Mark> alias_marks;  // of each alias
};

// Reads `models.<id>`; nothing if it has errors, which are left in `reader`. Takes a port if the
// model's expanded cmd uses ${PORT}, so models must be read in the order of their ids.
std::optional<ReadModel> read_model(const Node::Entry& entry, const ModelDefaults& defaults,
                                    PortCounter& ports, Reader& reader);

}  // namespace corral::config
