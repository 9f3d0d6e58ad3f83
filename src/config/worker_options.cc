#include "config/worker_options.h"

#include "base/strings.h"
#include "config/option_values.h"
#include "config/quantity.h"
#include "config/scalar.h"

namespace corral::config {
namespace {

using Entry = Node::Entry;

constexpr std::int64_t kMostTokens = INT32_MAX;  // what llama-server can be told

// As `corral engine --help` lists them.
const std::vector<std::string>& cache_types() {
  static const std::vector<std::string> kTypes = {"f32",  "f16",    "bf16", "q8_0", "q4_0",
                                                  "q4_1", "iq4_nl", "q5_0", "q5_1"};
  return kTypes;
}

Result<void> read_cache_type(const Reader& reader, const Entry& entry, std::string& out) {
  const Result<std::size_t> type = read_word(reader, entry, cache_types());
  if (!type.has_value()) return std::unexpected(type.error());
  out = cache_types()[*type];
  return {};
}

// As `corral engine --help` lists them.
const std::vector<std::string>& chat_templates() {
  static const std::vector<std::string> kNames = {"bailing",
                                                  "bailing-think",
                                                  "bailing2",
                                                  "chatglm3",
                                                  "chatglm4",
                                                  "chatml",
                                                  "command-r",
                                                  "deepseek",
                                                  "deepseek-ocr",
                                                  "deepseek2",
                                                  "deepseek3",
                                                  "exaone-moe",
                                                  "exaone3",
                                                  "exaone4",
                                                  "falcon3",
                                                  "gemma",
                                                  "gigachat",
                                                  "glmedge",
                                                  "gpt-oss",
                                                  "granite",
                                                  "granite-4.0",
                                                  "granite-4.1",
                                                  "grok-2",
                                                  "hunyuan-dense",
                                                  "hunyuan-moe",
                                                  "hunyuan-vl",
                                                  "kimi-k2",
                                                  "llama2",
                                                  "llama2-sys",
                                                  "llama2-sys-bos",
                                                  "llama2-sys-strip",
                                                  "llama3",
                                                  "llama4",
                                                  "megrez",
                                                  "minicpm",
                                                  "mistral-v1",
                                                  "mistral-v3",
                                                  "mistral-v3-tekken",
                                                  "mistral-v7",
                                                  "mistral-v7-tekken",
                                                  "monarch",
                                                  "openchat",
                                                  "orion",
                                                  "pangu-embedded",
                                                  "phi3",
                                                  "phi4",
                                                  "rwkv-world",
                                                  "seed_oss",
                                                  "smolvlm",
                                                  "solar-open",
                                                  "vicuna",
                                                  "vicuna-orca",
                                                  "yandex",
                                                  "zephyr"};
  return kNames;
}

// "path", or "path:scale".
Result<void> read_adapter(const Reader& reader, const Node& item, Model& out) {
  std::string path(trim(item.text));
  std::string scale;
  if (const std::size_t colon = path.rfind(':'); colon != std::string::npos) {
    if (is_decimal(std::string_view(path).substr(colon + 1))) {
      scale = path.substr(colon + 1);
      path.resize(colon);
    }
  }
  if (path.empty()) return reader.wrong(item.mark, "lora has an empty path; give it a file");
  if (path.find_first_of(",:") != std::string::npos)
    return reader.wrong(item.mark, "lora: the path " + in_quotes(path) +
                                       " has a comma or colon, which the engine takes for the "
                                       "path's end; rename the file");
  out.worker.lora.push_back({std::move(path), std::move(scale)});
  return {};
}

}  // namespace

Result<void> read_ctx(Reader& reader, const Entry& entry, Model& out) {
  return read_whole(reader, entry, 0, kMostTokens, out.worker.ctx);
}

Result<void> read_batch(Reader& reader, const Entry& entry, Model& out) {
  return read_whole(reader, entry, 1, kMostTokens, out.worker.batch);
}

Result<void> read_ubatch(Reader& reader, const Entry& entry, Model& out) {
  return read_whole(reader, entry, 1, kMostTokens, out.worker.ubatch);
}

Result<void> read_threads(Reader& reader, const Entry& entry, Model& out) {
  return read_whole(reader, entry, 1, 1024, out.worker.threads);
}

Result<void> read_parallel(Reader& reader, const Entry& entry, Model& out) {
  return read_whole(reader, entry, 1, 4096, out.worker.parallel);
}

Result<void> read_gpu_layers(Reader& reader, const Entry& entry, Model& out) {
  const std::string word = to_lower(trim(entry.value.text));
  if (entry.value.kind == Node::Kind::kScalar && (word == "all" || word == "auto")) {
    out.worker.gpu_layers = word;
    return {};
  }
  const bool number = entry.value.kind == Node::Kind::kScalar && to_integer(word).has_value();
  if (!number)
    return reader.wrong(entry.value.mark, "gpuLayers must be a whole number, all or auto, not " +
                                              described(entry.value));
  std::optional<std::int64_t> layers;
  const Result<void> done = read_whole(reader, entry, 0, 100'000, layers);
  if (done.has_value()) out.worker.gpu_layers = std::to_string(*layers);
  return done;
}

Result<void> read_flash_attention(Reader& reader, const Entry& entry, Model& out) {
  std::string text;
  const Result<void> done = reader.read(entry, text);
  if (!done.has_value()) return done;
  const std::optional<bool> wanted = to_boolean(entry.value);
  if (!wanted && to_lower(trim(text)) != "auto")
    return reader.wrong(entry.value.mark,
                        "flashAttention must be on, off or auto, not " + in_quotes(text));
  out.worker.flash_attention = !wanted ? "auto" : *wanted ? "on" : "off";
  return {};
}

Result<void> read_cache_type_k(Reader& reader, const Entry& entry, Model& out) {
  return read_cache_type(reader, entry, out.worker.cache_type_k);
}

Result<void> read_cache_type_v(Reader& reader, const Entry& entry, Model& out) {
  return read_cache_type(reader, entry, out.worker.cache_type_v);
}

Result<void> read_warmup(Reader& reader, const Entry& entry, Model& out) {
  bool value = true;
  const Result<void> done = reader.read(entry, value);
  if (done.has_value()) out.worker.warmup = value;
  return done;
}

Result<void> read_chat_template(Reader& reader, const Entry& entry, Model& out) {
  std::string text;
  const Result<void> done = read_path(reader, entry, text);
  if (!done.has_value()) return done;
  if (text.ends_with(".jinja")) {
    out.worker.chat_template_file = text;
    return {};
  }
  if (std::ranges::find(chat_templates(), text) == chat_templates().end()) {
    const std::vector<std::string> near = nearest(text, chat_templates(), 1);
    return reader.wrong(
        entry.value.mark,
        "chatTemplate " + in_quotes(text) +
            " is neither a template that the engine has nor the path of a .jinja file" +
            (near.empty() ? "; chatml, llama3 and gemma are some that it has"
                          : "; did you mean " + in_quotes(near[0]) + "?"));
  }
  out.worker.chat_template = text;
  return {};
}

Result<void> read_lora(Reader& reader, const Entry& entry, Model& out) {
  if (entry.value.kind == Node::Kind::kScalar) {
    std::string text;
    const Result<void> done = reader.read(entry, text);
    return done.has_value() ? read_adapter(reader, entry.value, out) : done;
  }
  std::vector<std::string> texts;
  Result<void> done = reader.read(entry, texts);
  for (const Node& item : entry.value.items) {
    if (done.has_value()) done = read_adapter(reader, item, out);
  }
  return done;
}

Result<void> read_draft(Reader& reader, const Entry& entry, Model& out) {
  return read_path(reader, entry, out.worker.draft);
}

}  // namespace corral::config
