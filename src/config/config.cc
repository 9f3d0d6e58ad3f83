#include "config/config.h"

#include <algorithm>
#include <map>

#include "base/strings.h"
#include "config/global_reader.h"
#include "config/macros.h"
#include "config/model_reader.h"
#include "config/reader.h"
#include "config/scalar.h"
#include "config/source_text.h"
#include "config/yaml_tree.h"

namespace corral::config {
namespace {

struct Place {
  std::string model;
  Mark mark;
};

// An alias belongs to one model. Where it is also a model's id, the id wins, as in llama-swap.
void check_aliases(const std::vector<ReadModel>& models, Reader& reader) {
  std::map<std::string, Place> ids;
  std::map<std::string, Place> seen;
  for (const ReadModel& read : models) ids[read.model.id] = {read.model.id, read.model.mark};
  for (const auto& [model, marks] : models) {
    for (std::size_t i = 0; i < model.aliases.size(); ++i) {
      const std::string& alias = model.aliases[i];
      const auto [first, fresh] = seen.insert({alias, {model.id, marks[i]}});
      if (!fresh) {
        const std::string& other = first->second.model;
        const auto twice = reader.wrong(
            marks[i],
            "the alias " + in_quotes(alias) +
                (other == model.id ? " stands twice in the model " + in_quotes(model.id)
                                   : " of the model " + in_quotes(model.id) +
                                         " is also an alias of the model " + in_quotes(other)) +
                "; remove one of them");
        reader.keep(marks[i], twice.error());
        continue;
      }
      if (ids.contains(alias) && alias != model.id)
        reader.warn(marks[i], "the alias " + in_quotes(alias) + " of the model " +
                                  in_quotes(model.id) +
                                  " has no effect, because a model has this id");
    }
  }
}

// Those that can be read; what is wrong with the others is left in `reader`.
std::vector<ReadModel> read_models(const Node* mapping, const ModelDefaults& defaults,
                                   std::uint16_t start_port, Reader& reader) {
  std::vector<ReadModel> result;
  if (mapping == nullptr || mapping->is_null()) return result;
  if (mapping->kind != Node::Kind::kMapping) {
    const auto error = reader.wrong(
        mapping->mark, "models must be a mapping of ids to models, not " + described(*mapping));
    reader.keep(mapping->mark, error.error());
    return result;
  }
  std::vector<const Node::Entry*> sorted;
  for (const Node::Entry& entry : mapping->entries) sorted.push_back(&entry);
  std::sort(sorted.begin(), sorted.end(),
            [](const Node::Entry* a, const Node::Entry* b) { return a->key < b->key; });
  PortCounter ports(start_port);
  for (const Node::Entry* entry : sorted) {
    std::optional<ReadModel> model = read_model(*entry, defaults, ports, reader);
    if (model.has_value()) result.push_back(std::move(*model));
  }
  reader.enter("", defaults.macros);
  return result;
}

// The global macros, inserted into every global value; `models` has its own turn.
Result<Macros> expand_globals(Node& root, const std::string& file) {
  Macros macros;
  if (const Node* own = root.get("macros"); own != nullptr) {
    Result<Macros> read = Macros::read(*own, file, "");
    if (!read.has_value()) return read;
    macros = std::move(*read);
  }
  for (Node::Entry& entry : root.entries) {
    if (entry.key == "macros" || entry.key == "models") continue;
    const Result<void> done = macros.expand(entry.value, file);
    if (!done.has_value()) return std::unexpected(done.error());
  }
  return macros;
}

}  // namespace

const Model* Config::find(std::string_view id_or_alias) const {
  const auto by_id =
      std::lower_bound(models.begin(), models.end(), id_or_alias,
                       [](const Model& model, std::string_view id) { return model.id < id; });
  if (by_id != models.end() && by_id->id == id_or_alias) return &*by_id;
  const auto by_alias = std::find_if(models.begin(), models.end(), [&](const Model& model) {
    return std::find(model.aliases.begin(), model.aliases.end(), id_or_alias) !=
           model.aliases.end();
  });
  return by_alias == models.end() ? nullptr : &*by_alias;
}

namespace {

// The text's tree, with the environment's variables in it.
Result<Node> read_tree(std::string_view text, const std::string& file,
                       const Environment& environment) {
  const Result<void> clean = check_text(text, file);
  if (!clean.has_value()) return std::unexpected(clean.error());
  const Result<std::string> source = replace_environment(text, file, environment);
  if (!source.has_value()) return std::unexpected(source.error());
  Result<Node> root = parse_yaml(*source, file);
  if (root.has_value() && root->kind != Node::Kind::kMapping)
    return fail(Code::kInvalid,
                at(file, root->mark,
                   "a config must be a mapping of keys to values, not " + described(*root)));
  return root;
}

// Why there is no model: perhaps another key was meant to be `models`.
Error no_models(const Node& root, const Reader& reader) {
  for (const Node::Entry& entry : root.entries) {
    if (entry.key == "models")
      return reader.wrong(entry.mark, "models is empty; give it at least one model").error();
  }
  for (const Node::Entry& entry : root.entries) {
    if (nearest(entry.key, {"models"}, 1).empty()) continue;
    return reader
        .wrong(entry.mark,
               "the config has no models, but " + in_quotes(entry.key) + "; did you mean 'models'?")
        .error();
  }
  return reader
      .wrong(root.mark,
             "the config has no models; give it a key 'models' with at least "
             "one")
      .error();
}

// The models that names mean, each once. Names that mean none are told, and not loaded.
void resolve_preload(const std::vector<NamedModel>& names, Config& config, Reader& reader) {
  for (const auto& [name, mark] : names) {
    const Model* model = config.find(name);
    if (model == nullptr) {
      std::vector<std::string> known;
      for (const Model& each : config.models) known.push_back(each.id);
      const std::vector<std::string> near = nearest(name, known, 1);
      reader.warn(mark, "preload names no model with " + in_quotes(name) +
                            (near.empty() ? "" : "; did you mean " + in_quotes(near[0]) + "?"));
    } else if (std::ranges::find(config.preload, model->id) == config.preload.end()) {
      config.preload.push_back(model->id);
    }
  }
}

// Fills `config` as far as it can be read, and `reader` with what is wrong and doubtful.
void read_config(Node& root, const Environment& environment, const Overrides& overrides,
                 const Ports& ports, Config& config, Reader& reader) {
  const Result<Macros> macros = expand_globals(root, reader.file());
  if (!macros.has_value()) return reader.keep(root.mark, macros.error());
  reader.enter("", *macros);
  Globals globals = read_globals(root, reader);
  config = globals.config;
  const ModelDefaults defaults{*macros, environment, globals, overrides, ports};
  std::vector<ReadModel> models =
      read_models(root.get("models"), defaults, config.start_port, reader);
  check_aliases(models, reader);
  for (ReadModel& read : models) config.models.push_back(std::move(read.model));
  resolve_preload(globals.preload, config, reader);
}

Reading read(std::string_view text, const std::string& file, const Environment& environment,
             const Overrides& overrides, const Ports& ports, bool needs_models) {
  Reading reading;
  Result<Node> root = read_tree(text, file, environment);
  if (!root.has_value()) {
    reading.errors.push_back(root.error());
    return reading;
  }
  Reader reader(file);
  Config config;
  read_config(*root, environment, overrides, ports, config, reader);
  if (needs_models && config.models.empty() && !reader.has_errors())
    reader.keep(root->mark, no_models(*root, reader));
  reading.errors = reader.take_errors();
  reading.warnings = reader.take_warnings();
  config.warnings = reading.warnings;
  config.text = text;
  if (reading.errors.empty()) reading.config = std::move(config);
  return reading;
}

}  // namespace

Reading examine(std::string_view text, const std::string& file, const Environment& environment,
                const Overrides& overrides, const Ports& ports) {
  return read(text, file, environment, overrides, ports, true);
}

Result<Config> parse(std::string_view text, const std::string& file,
                     const Environment& environment) {
  Reading reading = read(text, file, environment, {}, {}, false);
  if (!reading.config.has_value()) return std::unexpected(std::move(reading.errors[0]));
  return std::move(*reading.config);
}

}  // namespace corral::config
