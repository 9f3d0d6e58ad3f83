#include "gateway/option_store.h"

#include <algorithm>
#include <filesystem>
#include <memory>
#include <nlohmann/json.hpp>

#include "base/check.h"
#include "base/log.h"
#include "io/helper.h"

namespace corral::gateway {
namespace {

using Json = nlohmann::json;

// {"MODEL": {"KEY": VALUE, ...}, ...}; what has another shape is left out.
config::Overrides parsed(const std::string& section) {
  config::Overrides overrides;
  const Json json = Json::parse(section, nullptr, false);
  if (!json.is_object()) return overrides;
  for (const auto& [model, values] : json.items()) {
    if (!values.is_object()) continue;
    for (const auto& [key, value] : values.items())
      if (!value.is_null()) overrides[model][key] = value.dump();
  }
  return overrides;
}

bool is_option(const std::string& key) {
  return std::ranges::any_of(config::all_options(),
                             [&](const config::OptionInfo& option) { return option.key == key; });
}

class Writing {
 public:
  Writing(bool& flag, io::Event& over) : flag_(flag), over_(over) { flag_ = true; }
  Writing(const Writing&) = delete;
  Writing& operator=(const Writing&) = delete;
  ~Writing() {
    flag_ = false;
    over_.set();
    over_.clear();
  }

 private:
  bool& flag_;
  io::Event& over_;
};

}  // namespace

std::string section_of(const config::Config& config) {
  if (config.file.empty() || config.file.starts_with('(')) return config.file;  // no file
  std::error_code error;
  const std::filesystem::path path = std::filesystem::absolute(config.file, error);
  return error ? config.file : path.lexically_normal().string();
}

OptionStore::OptionStore(io::Loop& loop, config::Config config, config::Environment environment,
                         StateFile file)
    : loop_(loop),
      environment_(std::move(environment)),
      file_(std::move(file)),
      config_(std::move(config)),
      written_(loop) {
  recall();
}

// All at once if the config takes them; else one after another, so that only what it refuses is
// lost.
void OptionStore::recall() {
  const config::Overrides kept = parsed(file_.read(section_of(config_)));
  if (kept.empty() || use(kept).has_value()) return;
  for (const auto& [model, values] : kept) {
    for (const auto& [key, value] : values) {
      config::Overrides more = overrides_;
      more[model][key] = value;
      const Result<void> used = use(std::move(more));
      if (!used.has_value())
        log_warn("what was set before is not used any more: " + used.error().message);
    }
  }
}

// The log level, and whatever else was changed in the config after it was read, stays.
Result<void> OptionStore::use(config::Overrides overrides) {
  config::Reading reading =
      config::examine(config_.text, config_.file, environment_, overrides, ports_);
  if (!reading.config.has_value()) return std::unexpected(std::move(reading.errors[0]));
  config_.models = std::move(reading.config->models);
  overrides_ = std::move(overrides);
  return {};
}

Result<void> OptionStore::change(const std::string& model, const Changes& changes) {
  config::Overrides overrides = overrides_;
  std::map<std::string, std::string>& values = overrides[model];
  for (const auto& [key, value] : changes) {
    if (value) {
      values[key] = *value;
    } else if (is_option(key)) {
      values.erase(key);
    } else {
      values[key] = "0";  // for the reader to refuse the key
    }
  }
  if (values.empty()) overrides.erase(model);
  return use(std::move(overrides));
}

void OptionStore::use_port(const std::string& model, std::uint16_t port) {
  ports_[model] = port;
  CHECK(use(overrides_).has_value());  // another number makes nothing wrong
}

std::vector<std::string> OptionStore::set_keys(const std::string& model) const {
  std::vector<std::string> keys;
  const auto found = overrides_.find(model);
  if (found == overrides_.end()) return keys;
  for (const auto& [key, value] : found->second) keys.push_back(key);
  return keys;
}

std::string OptionStore::section() const {
  if (overrides_.empty()) return {};
  Json json = Json::object();
  for (const auto& [model, values] : overrides_) {
    for (const auto& [key, value] : values) json[model][key] = Json::parse(value, nullptr, false);
  }
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

io::Task<Result<void>> OptionStore::keep() {
  while (writing_) co_await written_.wait();
  const Writing writing(writing_, written_);
  std::function<Result<void>()> work = [file = file_, name = section_of(config_),
                                        text = section()] { return file.write(name, text); };
  Result<void> result = co_await io::ask_helper(loop_, std::move(work));
  co_return result;
}

}  // namespace corral::gateway
