#include "engine/reduced_spec.h"

#include <algorithm>

#include "engine/arguments.h"

namespace corral::engine {
namespace {

constexpr std::uint64_t kStep = 256;  // llama.cpp rounds contexts up to so many tokens

void set_flag(std::vector<std::string>& argv, const std::string& flag, std::uint64_t value) {
  const auto found = std::ranges::find(argv, flag);
  if (found == argv.end() || found + 1 == argv.end()) {
    argv.insert(argv.end(), {flag, std::to_string(value)});
  } else {
    *(found + 1) = std::to_string(value);
  }
}

std::optional<std::uint64_t> shorter_context(const ReductionFacts& facts) {
  const auto is_too_long = [&](std::uint64_t tokens) {
    return tokens > facts.of_use || facts.takes(tokens) > facts.room_bytes;
  };
  std::uint64_t context = facts.context;
  if (context <= kShortestContext) return std::nullopt;
  do {
    context = std::max(context / 2 / kStep * kStep, kShortestContext);
  } while (context > kShortestContext && is_too_long(context));
  return context;
}

}  // namespace

std::optional<ReducedSpec> reduced_spec(const Spec& spec, const ReductionFacts& facts) {
  Reduction reduction;
  const Arguments arguments(spec.command.argv, spec.command.env);
  const bool all_on_cpu = arguments.value({"--gpu-layers"}) == "0";
  if (facts.lacked == Cause::kGpuOutOfMemory && facts.has_gpu && spec.may_leave_gpu &&
      !all_on_cpu) {
    reduction.gpu_layers = 0;
  }
  // What leaves the GPU must have room in the machine.
  const bool fits = reduction.gpu_layers && facts.takes(facts.context) <= facts.room_bytes;
  if (spec.may_shorten_context && !fits) reduction.context = shorter_context(facts);
  if (!reduction.context && !reduction.gpu_layers) return std::nullopt;

  ReducedSpec reduced{.spec = spec, .reduction = reduction};
  std::vector<std::string>& argv = reduced.spec.command.argv;
  if (reduction.context) set_flag(argv, "--ctx-size", *reduction.context);
  if (reduction.gpu_layers) set_flag(argv, "--gpu-layers", *reduction.gpu_layers);
  return reduced;
}

std::string words_of(const Reduction& reduction) {
  std::string words;
  if (reduction.context) words = "a context of " + std::to_string(*reduction.context) + " tokens";
  if (reduction.gpu_layers) {
    words += (words.empty() ? "" : " and ") + std::to_string(*reduction.gpu_layers) +
             " layers on the GPU";
  }
  return words;
}

}  // namespace corral::engine
