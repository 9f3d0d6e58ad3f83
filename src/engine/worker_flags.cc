#include "engine/worker_flags.h"

#include <algorithm>
#include <thread>

namespace corral::engine {
namespace {

// Each of several comes behind one flag, since a flag that comes twice is deprecated. With a scale
// for one of them, all get one: so their order, which gives them their numbers, stays.
void add_lora(const std::vector<config::Lora>& adapters, std::vector<std::string>& flags) {
  if (adapters.empty()) return;
  const bool scaled = std::ranges::any_of(
      adapters, [](const config::Lora& adapter) { return !adapter.scale.empty(); });
  std::string list;
  for (const config::Lora& adapter : adapters) {
    list += (list.empty() ? "" : ",") + adapter.path;
    if (scaled) list += ":" + (adapter.scale.empty() ? "1" : adapter.scale);
  }
  flags.insert(flags.end(), {scaled ? "--lora-scaled" : "--lora", list});
}

}  // namespace

std::vector<std::string> worker_flags(const config::WorkerOptions& options) {
  std::vector<std::string> flags;
  const auto number = [&](const char* flag, std::optional<std::int64_t> value) {
    if (value) flags.insert(flags.end(), {flag, std::to_string(*value)});
  };
  const auto text = [&](const char* flag, const std::string& value) {
    if (!value.empty()) flags.insert(flags.end(), {flag, value});
  };
  number("--ctx-size", options.ctx);
  number("--batch-size", options.batch);
  number("--ubatch-size", options.ubatch);
  text("--gpu-layers", options.gpu_layers);
  number("--threads", options.threads);
  text("--flash-attn", options.flash_attention);
  text("--cache-type-k", options.cache_type_k);
  text("--cache-type-v", options.cache_type_v);
  number("--parallel", options.parallel);
  if (options.warmup) flags.emplace_back(*options.warmup ? "--warmup" : "--no-warmup");
  text("--chat-template", options.chat_template);
  text("--chat-template-file", options.chat_template_file);
  add_lora(options.lora, flags);
  text("--spec-draft-model", options.draft);
  return flags;
}

std::size_t default_threads() {
  return std::max<std::size_t>(std::thread::hardware_concurrency(), 2) - 1;
}

}  // namespace corral::engine
