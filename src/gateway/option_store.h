// OptionStore: the options of models that were set at run time, over those of the config file. They
// are judged by the config's own reader, kept in a StateFile, and read again at the next start.
//
// Loop thread only.
#pragma once

#include <map>
#include <optional>
#include <string>

#include "config/config.h"
#include "gateway/state_file.h"
#include "io/event.h"

namespace corral::gateway {

// By key: the new value as JSON, nothing for what the file says.
using Changes = std::map<std::string, std::optional<std::string>>;

class OptionStore {
 public:
  // Reads what was kept for this config. What the config does not accept any more is told in the
  // log and forgotten.
  OptionStore(io::Loop& loop, config::Config config, config::Environment environment,
              StateFile file);

  // The config with what was set. Models keep their places for the store's whole life.
  const config::Config& config() const { return config_; }

  // All or nothing; `model` is an id. kInvalid in the words of the config's reader.
  Result<void> change(const std::string& model, const Changes& changes);

  // From now on the model's ${PORT} is this one. `model` is an id, and its cmd uses one.
  void use_port(const std::string& model, std::uint16_t port);

  // The keys that are set for the model.
  std::vector<std::string> set_keys(const std::string& model) const;

  // Puts what is set onto the disk, on a helper thread. kIo if that fails.
  io::Task<Result<void>> keep();

 private:
  void recall();
  Result<void> use(config::Overrides overrides);
  std::string section() const;

  io::Loop& loop_;
  const config::Environment environment_;
  const StateFile file_;
  config::Config config_;
  config::Overrides overrides_;
  config::Ports ports_;
  bool writing_ = false;  // one write at a time, so that the newest is the last
  io::Event written_;
};

// The name of a config's section in a StateFile: its whole path.
std::string section_of(const config::Config& config);

}  // namespace corral::gateway
