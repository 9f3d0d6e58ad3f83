#include "config/option_reader.h"

#include <array>
#include <filesystem>

#include "base/strings.h"
#include "config/care_options.h"
#include "config/scalar.h"
#include "config/worker_options.h"

namespace corral::config {
namespace {

using Entry = Node::Entry;

struct Option {
  OptionInfo info;
  Result<void> (*read)(Reader&, const Entry&, Model&);      // one of these two; of args none
  Result<void> (*read_care)(Reader&, const Entry&, Care&);  // for the top level too
  std::array<std::string_view, 3> flags{};                  // of llama-server
};

// The defaults that the engine itself has are those of its --help.
constexpr Option kOptions[] = {
    {{"ctx", "as trained, or what memory allows", true}, read_ctx, nullptr, {"--ctx-size", "-c"}},
    {{"batch", "2048", true}, read_batch, nullptr, {"--batch-size", "-b"}},
    {{"ubatch", "512", true}, read_ubatch, nullptr, {"--ubatch-size", "-ub"}},
    {{"gpuLayers", "auto", true},
     read_gpu_layers,
     nullptr,
     {"--gpu-layers", "-ngl", "--n-gpu-layers"}},
    {{"threads", "the machine's cores but one", true}, read_threads, nullptr, {"--threads", "-t"}},
    {{"flashAttention", "auto", true}, read_flash_attention, nullptr, {"--flash-attn", "-fa"}},
    {{"cacheTypeK", "f16", true}, read_cache_type_k, nullptr, {"--cache-type-k", "-ctk"}},
    {{"cacheTypeV", "f16", true}, read_cache_type_v, nullptr, {"--cache-type-v", "-ctv"}},
    {{"parallel", "4", true}, read_parallel, nullptr, {"--parallel", "-np"}},
    {{"warmup", "true", true}, read_warmup, nullptr, {"--warmup", "--no-warmup"}},
    {{"chatTemplate", "the model's own", true},
     read_chat_template,
     nullptr,
     {"--chat-template", "--chat-template-file"}},
    {{"lora", "none", true}, read_lora, nullptr, {"--lora", "--lora-scaled"}},
    {{"draft", "none", true}, read_draft, nullptr, {"--spec-draft-model", "-md", "--model-draft"}},
    {{"args", "none", true}, nullptr, nullptr},
    {{"startupTimeout", "120, or healthCheckTimeout", false}, read_startup_timeout, nullptr},
    {{"unloadTimeout", "10", false}, read_unload_timeout, nullptr},
    {{"keep", "false", false}, read_keep, nullptr},
    {{"limits", "none", false}, nullptr, read_limits},
    {{"onOutOfMemory", "fail", true}, nullptr, read_on_out_of_memory},
    {{"canary", "on", false}, nullptr, read_canary},
    {{"canaryInterval", "15", false}, nullptr, read_canary_interval},
    {{"degradedAbove", "1", false}, nullptr, read_degraded_above},
    {{"stuckAfter", "60", false}, nullptr, read_stuck_after},
    {{"readyCheck", "token with gguf, health with cmd", false}, nullptr, read_ready_check},
};

const Option* find_option(std::string_view key) {
  const auto* const found =
      std::ranges::find_if(kOptions, [&](const Option& row) { return row.info.key == key; });
  return found == std::end(kOptions) ? nullptr : found;
}

std::string to_json(const Node& node) {
  std::string text;
  if (node.kind == Node::Kind::kMapping) {
    for (const Entry& entry : node.entries)
      text += (text.empty() ? "" : ",") + json_quote(entry.key) + ":" + to_json(entry.value);
    return "{" + text + "}";
  }
  if (node.kind == Node::Kind::kSequence) {
    for (const Node& item : node.items) text += (text.empty() ? "" : ",") + to_json(item);
    return "[" + text + "]";
  }
  if (node.is_null()) return "null";
  const std::string word = inserted(node);
  const bool literal = node.plain && (to_integer(node.text) || word == "true" || word == "false");
  return literal ? word : json_quote(word);
}

// llama-server takes an underline in a long flag for a dash.
std::string flag_of(const std::string& word) {
  std::string flag = word.substr(0, word.find('='));
  if (flag.starts_with("--")) std::ranges::replace(flag, '_', '-');
  return flag;
}

Result<void> check_against_args(const Model& model, const Given& given, const Reader& reader) {
  const Option* option = find_option(given.key);
  for (const std::string& word : model.args) {
    const std::string flag = flag_of(word);
    if (flag.empty() || std::ranges::find(option->flags, flag) == option->flags.end()) continue;
    return reader.wrong(given.mark, given.key + " and " + in_quotes(flag) +
                                        " in args say the same thing; keep one of them");
  }
  return {};
}

Error not_for_commands(const Given& given, const Reader& reader) {
  const Option* option = find_option(given.key);
  const std::string_view flag = option->flags[0];
  return reader
      .wrong(given.mark, given.key + " belongs to a model with gguf; " +
                             (given.key == "args" ? "put these words into cmd"
                              : flag.empty()      ? "remove it"
                                                  : "put a flag for it, such as llama-server's " +
                                                   std::string(flag) + ", into cmd"))
      .error();
}

}  // namespace

const std::vector<OptionInfo>& all_options() {
  static const std::vector<OptionInfo> kInfos = [] {
    std::vector<OptionInfo> result;
    for (const Option& option : kOptions) result.push_back(option.info);
    return result;
  }();
  return kInfos;
}

void note_given(const Entry& entry, std::vector<Given>& given) {
  given.push_back({entry.key, entry.mark, to_json(entry.value)});
}

Result<void> read_option(Reader& reader, const Entry& entry, Model& model) {
  const Option* option = find_option(entry.key);
  Result<void> done = option->read != nullptr ? option->read(reader, entry, model)
                                              : option->read_care(reader, entry, model.care);
  if (done.has_value()) note_given(entry, model.given);
  return done;
}

Result<void> read_default(Reader& reader, const Entry& entry, Care& care,
                          std::vector<Given>& given) {
  Result<void> done = find_option(entry.key)->read_care(reader, entry, care);
  if (done.has_value()) note_given(entry, given);
  return done;
}

Result<std::string> whole_path(std::string_view key, Mark mark, const std::string& text,
                               const Environment& environment, const Reader& reader) {
  std::filesystem::path path = text;
  if (text == "~" || text.starts_with("~/")) {
    const std::optional<std::string> home = environment("HOME");
    if (!home.has_value() || home->empty())
      return reader.wrong(
          mark, std::string(key) + " begins with '~', but HOME is not set; write the whole path");
    path = std::filesystem::path(*home) / text.substr(std::min<std::size_t>(2, text.size()));
  } else if (path.is_relative()) {
    path = std::filesystem::path(reader.file()).parent_path() / path;
  }
  return path.lexically_normal().string();
}

Result<void> finish_options(Model& model, const Environment& environment, const Reader& reader) {
  for (const Given& given : model.given) {
    if (model.gguf.empty()) {
      if (find_option(given.key)->info.worker_only)
        return std::unexpected(not_for_commands(given, reader));
      continue;
    }
    const Result<void> alone = check_against_args(model, given, reader);
    if (!alone.has_value()) return alone;
  }
  std::vector<std::string*> paths = {&model.worker.draft, &model.worker.chat_template_file};
  for (Lora& adapter : model.worker.lora) paths.push_back(&adapter.path);
  for (std::string* path : paths) {
    if (path->empty()) continue;
    Result<std::string> whole =
        whole_path("the path " + in_quotes(*path), model.mark, *path, environment, reader);
    if (!whole.has_value()) return std::unexpected(whole.error());
    *path = std::move(*whole);
  }
  return {};
}

}  // namespace corral::config
