// The tree of a model goes through the same steps as in llama-swap: comment lines leave the cmd,
// macros are inserted (the model's own over the global ones, MODEL_ID last), a port is taken if the
// cmd asks for one, and only then are the values read and checked against each other.
#include "config/model_reader.h"

#include "config/global_reader.h"
#include "config/option_reader.h"
#include "config/overlay.h"
#include "config/proxy_url.h"
#include "config/scalar.h"
#include "config/shell_split.h"

namespace corral::config {
namespace {

using Entry = Node::Entry;

// A model whose values are read but not yet checked against each other. The pointers are nullptr
// where the key is absent or null.
struct Draft {
  Model model;
  const Entry* cmd = nullptr;
  const Entry* gguf = nullptr;
  const Entry* proxy = nullptr;
  std::string proxy_text;
  std::int64_t ttl = -1;  // -1: the global one
  std::vector<Mark> alias_marks;
};

bool has_control(std::string_view text) {
  return std::any_of(text.begin(), text.end(),
                     [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7F; });
}

Result<void> read_elsewhere(Reader&, const Entry&, Draft&) { return {}; }

Result<void> read_cmd(Reader& reader, const Entry& entry, Draft& draft) {
  draft.cmd = &entry;
  return reader.read(entry, draft.model.cmd);
}

Result<void> read_gguf(Reader& reader, const Entry& entry, Draft& draft) {
  draft.gguf = &entry;
  return reader.read(entry, draft.model.gguf);
}

// The flags by which Corral itself tells a worker what to serve and where.
constexpr std::string_view kOurFlags[] = {"--host", "--port", "-m", "--model"};

Result<void> check_args(Reader& reader, const Node& value, const std::vector<std::string>& words) {
  for (std::size_t i = 0; i < words.size(); ++i) {
    const std::string flag = words[i].substr(0, words[i].find('='));
    if (std::ranges::find(kOurFlags, flag) == std::end(kOurFlags)) continue;
    const bool model = flag == "-m" || flag == "--model";
    return reader.wrong(
        value.items.empty() ? value.mark : value.items[i].mark,
        "args has " + in_quotes(flag) + ", which Corral itself sets: " +
            (model ? "the model's file is its gguf" : "it picks where the engine listens") +
            "; remove it");
  }
  return {};
}

// A list of words, or one text that is split like a cmd.
Result<void> read_args(Reader& reader, const Entry& entry, Draft& draft) {
  note_given(entry, draft.model.given);
  if (entry.value.kind != Node::Kind::kScalar) {
    const Result<void> read = reader.read(entry, draft.model.args);
    return read.has_value() ? check_args(reader, entry.value, draft.model.args) : read;
  }
  std::string text;
  const Result<void> done = reader.read(entry, text);
  if (!done.has_value()) return done;
  Result<std::vector<std::string>> words = split_command(text);
  if (!words.has_value()) return reader.wrong(entry.value.mark, "args: " + words.error().message);
  draft.model.args = std::move(*words);
  return check_args(reader, entry.value, draft.model.args);
}

Result<void> read_proxy(Reader& reader, const Entry& entry, Draft& draft) {
  draft.proxy = &entry;
  return reader.read(entry, draft.proxy_text);
}

Result<void> read_check_endpoint(Reader& reader, const Entry& entry, Draft& draft) {
  std::string text;
  const Result<void> done = reader.read(entry, text);
  if (!done.has_value()) return done;
  const std::string path(trim(text));
  const bool visible =
      std::all_of(path.begin(), path.end(), [](char c) { return c > 0x20 && c < 0x7F; });
  if (!visible || path.find("://") != std::string::npos)
    return reader.wrong(
        entry.value.mark,
        "checkEndpoint must be a path such as /health, or none, not " + in_quotes(text));
  draft.model.check_endpoint = path == "none" ? "" : path.starts_with('/') ? path : "/" + path;
  return {};
}

Result<void> read_aliases(Reader& reader, const Entry& entry, Draft& draft) {
  const Result<void> done = reader.read(entry, draft.model.aliases);
  if (!done.has_value()) return done;
  for (const Node& item : entry.value.items) {
    if (item.text.empty() || has_control(item.text))
      return reader.wrong(item.mark, "the alias " + in_quotes(item.text) +
                                         " must be a name without control characters");
    draft.alias_marks.push_back(item.mark);
  }
  return {};
}

Result<void> read_env(Reader& reader, const Entry& entry, Draft& draft) {
  const Result<void> done = reader.read(entry, draft.model.env);
  if (!done.has_value()) return done;
  for (const Node& item : entry.value.items) {
    const std::size_t equals = item.text.find('=');
    // The value may be a secret, so only a text without one is shown.
    if (equals == std::string::npos || equals == 0)
      return reader.wrong(item.mark,
                          "env must be a list of NAME=value" +
                              (equals == 0 ? std::string(", and a name is missing here")
                                           : ", and " + in_quotes(item.text) + " has no '='"));
  }
  return {};
}

Result<void> read_ttl(Reader& reader, const Entry& entry, Draft& draft) {
  const Result<void> done = reader.read(entry, draft.ttl);
  if (!done.has_value() || draft.ttl >= -1) return done;
  return reader.wrong(entry.value.mark, "ttl must be -1 (the global one), 0 (never) or more, not " +
                                            std::to_string(draft.ttl));
}

// Names for people lose the spaces around them.
Result<void> read_trimmed(Reader& reader, const Entry& entry, std::string& out) {
  const Result<void> done = reader.read(entry, out);
  out = std::string(trim(out));
  return done;
}

Result<void> read_name(Reader& reader, const Entry& entry, Draft& draft) {
  return read_trimmed(reader, entry, draft.model.name);
}

Result<void> read_description(Reader& reader, const Entry& entry, Draft& draft) {
  return read_trimmed(reader, entry, draft.model.description);
}

Result<void> read_unlisted(Reader& reader, const Entry& entry, Draft& draft) {
  return reader.read(entry, draft.model.unlisted);
}

Result<void> read_engine_option(Reader& reader, const Entry& entry, Draft& draft) {
  return read_option(reader, entry, draft.model);
}

constexpr Key<Draft> kOwnKeys[] = {
    {"macros", read_elsewhere},
    {"cmd", read_cmd},
    {"gguf", read_gguf},
    {"args", read_args},
    {"proxy", read_proxy},
    {"checkEndpoint", read_check_endpoint},
    {"aliases", read_aliases},
    {"env", read_env},
    {"ttl", read_ttl},
    {"name", read_name},
    {"description", read_description},
    {"unlisted", read_unlisted},
    {"capabilities", nullptr},
    {"cmdStop", nullptr},
    {"compat", nullptr},
    {"concurrencyLimit", nullptr},
    {"filters", nullptr},
    {"healthCheckTimeout", nullptr},
    {"metadata", nullptr},
    {"sendLoadingState", nullptr},
    {"timeouts", nullptr},
    {"useModelName", nullptr},
};

// Those, and the options of an engine. args is one of them and has a reader above.
std::span<const Key<Draft>> keys() {
  static const std::vector<Key<Draft>> kAll = [] {
    std::vector<Key<Draft>> rows(std::begin(kOwnKeys), std::end(kOwnKeys));
    for (const OptionInfo& option : all_options()) {
      if (option.key != "args") rows.push_back({option.key, read_engine_option});
    }
    return rows;
  }();
  return kAll;
}

constexpr std::string_view kPortUse = "${PORT}";

struct Prepared {
  Macros macros;            // those in force
  std::optional<int> port;  // if the cmd uses ${PORT}
};

// The steps before the values are read. `tree` is expanded in place.
Result<Prepared> prepare(Node& tree, const Entry& entry, const std::string& owner,
                         const ModelDefaults& defaults, PortCounter& ports, Reader& reader) {
  Macros macros = defaults.macros;
  if (const Node* own = tree.get("macros"); own != nullptr) {
    Result<Macros> inner = Macros::read(*own, reader.file(), owner);
    if (!inner.has_value()) return std::unexpected(inner.error());
    macros = macros.overlaid(*inner);
  }
  std::erase_if(tree.entries, [](const Entry& child) { return child.key == "macros"; });
  for (Entry& child : tree.entries) {
    if (child.key == "cmd") child.value.text = strip_comment_lines(child.value.text);
  }
  macros = Macros::reserved("MODEL_ID", entry.key, false).overlaid(macros);
  Result<void> expanded = macros.expand(tree, reader.file());
  if (!expanded.has_value()) return std::unexpected(expanded.error());
  const Node* cmd = tree.get("cmd");
  if (cmd == nullptr || cmd->text.find(kPortUse) == std::string::npos)
    return Prepared{std::move(macros), std::nullopt};
  Result<int> port = ports.take();  // also of who has another, so that nobody else's changes
  if (!port.has_value()) return reader.wrong(cmd->mark, port.error().message);
  if (const auto other = defaults.ports.find(entry.key); other != defaults.ports.end())
    port = other->second;
  expanded = Macros::reserved("PORT", std::to_string(*port), true).expand(tree, reader.file());
  if (!expanded.has_value()) return std::unexpected(expanded.error());
  return Prepared{std::move(macros), *port};
}

// Where the external server listens: the proxy key, else this machine at the model's port.
Result<void> finish_proxy(Draft& draft, std::optional<int> port, Reader& reader) {
  if (draft.proxy == nullptr) {
    if (!port.has_value())
      return reader.wrong(draft.cmd->value.mark,
                          "its address is not known; put ${PORT} into cmd, or give the address "
                          "as proxy");
    draft.proxy_text = "http://localhost:" + std::to_string(*port);
  }
  Result<ProxyUrl> url = parse_proxy_url(trim(draft.proxy_text));
  if (!url.has_value())
    return reader.wrong(draft.proxy->value.mark, "proxy: " + url.error().message);
  draft.model.proxy_host = std::move(url->host);
  draft.model.proxy_port = url->port;
  draft.model.proxy_path = std::move(url->path);
  if (port.has_value()) draft.model.port = static_cast<std::uint16_t>(*port);
  return {};
}

Result<void> finish_cmd(Draft& draft, std::optional<int> port, Reader& reader) {
  Model& model = draft.model;
  const Mark mark = draft.cmd->value.mark;
  Result<std::vector<std::string>> words = split_command(model.cmd);
  model.cmd = std::string(trim(model.cmd));
  if (!words.has_value()) return reader.wrong(mark, "cmd: " + words.error().message);
  model.argv = std::move(*words);
  if (model.argv.empty() || model.argv[0].empty())
    return reader.wrong(mark, "cmd is empty; give it the program to start");
  return finish_proxy(draft, port, reader);
}

Result<void> finish_gguf(Draft& draft, const Environment& environment, Reader& reader) {
  const Mark mark = draft.gguf->value.mark;
  const std::string path(trim(draft.model.gguf));
  if (path.empty()) return reader.wrong(mark, "gguf is empty; give it the path of a model file");
  Result<std::string> whole = whole_path("gguf", mark, path, environment, reader);
  if (!whole.has_value()) return std::unexpected(whole.error());
  draft.model.gguf = std::move(*whole);
  if (draft.proxy != nullptr)
    reader.warn(draft.proxy->mark,
                "proxy is ignored, because Corral itself picks the address of a model with gguf");
  return {};
}

// What is wrong with a model that has neither cmd nor gguf: perhaps one of its keys was meant so.
Error neither(const Node& tree, const Node::Entry& entry, const Reader& reader) {
  for (const Entry& child : tree.entries) {
    const bool known =
        std::ranges::any_of(keys(), [&](const Key<Draft>& key) { return key.name == child.key; });
    const std::vector<std::string> near = nearest(child.key, {"cmd", "gguf"}, 1);
    if (known || near.empty()) continue;
    return reader
        .wrong(child.mark, "it has neither cmd nor gguf, but " + in_quotes(child.key) +
                               "; did you mean " + in_quotes(near[0]) + "?")
        .error();
  }
  return reader.wrong(entry.mark, "it has neither cmd nor gguf; give it one of them").error();
}

// The steps behind the reading of the single values.
Result<void> finish(Draft& draft, const Node& tree, const Node::Entry& entry,
                    std::optional<int> port, const ModelDefaults& defaults, Reader& reader) {
  // Both are entries of one vector in the file's order: the later one is complained about.
  if (draft.cmd != nullptr && draft.gguf != nullptr)
    return reader.wrong(std::max(draft.cmd, draft.gguf)->mark,
                        "it has both cmd and gguf; keep one of them");
  if (draft.cmd == nullptr && draft.gguf == nullptr)
    return std::unexpected(neither(tree, entry, reader));
  draft.model.source_mark = (draft.cmd != nullptr ? draft.cmd : draft.gguf)->value.mark;
  draft.model.ttl = draft.ttl == -1 ? defaults.globals.ttl : to_seconds(draft.ttl);
  Result<void> options = finish_options(draft.model, defaults.environment, reader);
  if (!options.has_value()) return options;
  return draft.cmd != nullptr ? finish_cmd(draft, port, reader)
                              : finish_gguf(draft, defaults.environment, reader);
}

// An id that can be used, and a value that may be a model.
Result<void> check_entry(const Node::Entry& entry, const Reader& reader) {
  if (entry.key.empty() || has_control(entry.key))
    return reader.wrong(entry.mark, "a model needs an id without control characters");
  if (entry.value.kind != Node::Kind::kMapping && !entry.value.is_null())
    return reader.wrong(entry.value.mark, "a model must be a mapping with cmd or gguf, not " +
                                              described(entry.value));
  return {};
}

}  // namespace

Result<int> PortCounter::take() {
  if (next_ > 65535)
    return fail(Code::kInvalid, "no port is left for ${PORT}; choose a lower startPort");
  return next_++;
}

std::optional<ReadModel> read_model(const Node::Entry& entry, const ModelDefaults& defaults,
                                    PortCounter& ports, Reader& reader) {
  const auto refused = [&](const Error& error) {
    reader.keep(entry.mark, error);
    return std::nullopt;
  };
  const std::string owner = "model " + in_quotes(entry.key) + ": ";
  reader.enter(owner, defaults.macros);
  const Result<void> usable = check_entry(entry, reader);
  if (!usable.has_value()) return refused(usable.error());
  Node tree = entry.value;
  const auto over = defaults.overrides.find(entry.key);
  if (over != defaults.overrides.end()) {
    const Result<void> done = overlay(tree, over->second, reader);
    if (!done.has_value()) return refused(done.error());
  }
  Result<Prepared> prepared = prepare(tree, entry, owner, defaults, ports, reader);
  if (!prepared.has_value()) return refused(prepared.error());
  reader.enter(owner, std::move(prepared->macros));

  Draft draft;
  draft.model.id = entry.key;
  draft.model.mark = entry.mark;
  draft.model.care = defaults.globals.care;
  draft.model.startup_timeout = defaults.globals.config.health_check_timeout;
  draft.model.unload_timeout = defaults.globals.unload_timeout;
  if (!reader.read<Draft>(tree, keys(), draft)) return std::nullopt;
  const Result<void> done = finish(draft, tree, entry, prepared->port, defaults, reader);
  if (!done.has_value()) return refused(done.error());
  return ReadModel{std::move(draft.model), std::move(draft.alias_marks)};
}

}  // namespace corral::config
