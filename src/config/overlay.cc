#include "config/overlay.h"

#include "base/strings.h"
#include "config/config.h"

namespace corral::config {
namespace {

void move_to_run_time(Node& node) {
  node.mark = kRunTime;
  for (Node& item : node.items) move_to_run_time(item);
  for (Node::Entry& entry : node.entries) {
    entry.mark = kRunTime;
    move_to_run_time(entry.value);
  }
}

std::unexpected<Error> no_option(const std::string& key, const Reader& reader) {
  std::vector<std::string> keys;
  for (const OptionInfo& option : all_options()) keys.emplace_back(option.key);
  const std::vector<std::string> near = nearest(key, keys, 1);
  return reader.wrong(kRunTime,
                      "no option that can be set is called " + in_quotes(key) +
                          (near.empty() ? "" : "; did you mean " + in_quotes(near[0]) + "?"));
}

}  // namespace

Result<void> overlay(Node& model, const std::map<std::string, std::string>& values,
                     const Reader& reader) {
  if (model.kind != Node::Kind::kMapping) return {};  // no model, which is told elsewhere
  for (const auto& [key, json] : values) {
    const bool known = std::ranges::any_of(
        all_options(), [&](const OptionInfo& option) { return option.key == key; });
    if (!known) return no_option(key, reader);
    Result<Node> value = parse_yaml(json, "corral set");
    if (!value.has_value())
      return reader.wrong(kRunTime,
                          key + " has a value that is not JSON: " + value.error().message);
    move_to_run_time(*value);
    std::erase_if(model.entries, [&](const Node::Entry& entry) { return entry.key == key; });
    model.entries.push_back({key, kRunTime, std::move(*value)});
  }
  return {};
}

}  // namespace corral::config
