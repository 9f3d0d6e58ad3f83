// ReducedSpec: how a model is run with less memory than its config says, where `onOutOfMemory:
// reduce` allows it.
//
//   of the machine     the context is halved until all fits and all of it is of use, at least once
//   of a GPU           no layer is put onto it; where that may not be changed, or is so already,
//                      the context is halved
//
// Only what Corral chose or a key of the config says is changed: flags among the model's `args`,
// and its `env`, are the person's own word.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>

#include "engine/spec.h"
#include "engine/status.h"

namespace corral::engine {

struct ReducedSpec {
  Spec spec;
  Reduction reduction;
};

// What is known of the model and the machine.
struct ReductionFacts {
  Cause lacked = Cause::kOutOfMemory;  // this, or kGpuOutOfMemory
  bool has_gpu = false;                // the engine can compute on one
  std::uint64_t context = 0;           // tokens that it has without a reduction
  std::uint64_t of_use = ~0ULL;        // tokens that its requests can use together, at most
  std::uint64_t room_bytes = 0;        // that there are for it
  std::function<std::uint64_t(std::uint64_t context)> takes;  // bytes, by estimate
};

// No context is made shorter than this: a chat that remembers less is of no use.
inline constexpr std::uint64_t kShortestContext = 2048;

// Nothing where there is nothing to reduce, or it may not be. What comes need not fit. Pure.
std::optional<ReducedSpec> reduced_spec(const Spec& spec, const ReductionFacts& facts);

// "a context of 2048 tokens and 0 layers on the GPU".
std::string words_of(const Reduction& reduction);

}  // namespace corral::engine
