// How much memory an engine will take for a model: an estimate from the header alone, before
// anything is loaded. Pure.
//
// It follows llama.cpp (src/llama-kv-cache.cpp, llama-kv-cache-iswa.cpp, llama-context.cpp) for
// what follows from the header exactly, the weights and the KV cache, and approximates the rest:
//   - compute buffers: for each token of a micro batch some vectors of the model's width and two of
//     its feed-forward width in 32 bits, and a row of the attention mask in 16 bits. Measured with
//     8,192 tokens: 21.5 MiB for SmolLM2 135M, where this says 22; 11.3 MiB for a model of 4 layers
//     and 128 numbers, where this says 11. Without flash attention it is more;
//   - not counted: the state of recurrent layers, which is small, and the engine's own program.
#pragma once

#include <cstdint>

#include "gguf/header.h"

namespace corral::gguf {

// How the engine is told to run it.
struct Shape {
  std::uint64_t context = 0;  // tokens; 0: as many as the model was trained for
  std::uint64_t slots = 1;
  bool unified = true;  // the slots share one cache of `context` tokens; else each has its part
  const TensorType* key_type = nullptr;  // of the cache; nullptr: f16
  const TensorType* value_type = nullptr;
  std::uint64_t micro_batch = 512;
  bool whole_window = false;  // layers with a sliding window cache the whole context
};

struct MemoryEstimate {
  std::uint64_t context = 0;        // tokens, as counted
  std::uint64_t weights_bytes = 0;  // mapped from the file
  std::uint64_t kv_bytes = 0;
  std::uint64_t kv_least_bytes = 0;  // if all layers that may have a sliding window have one
  std::uint64_t compute_bytes = 0;

  // What it will most likely take.
  std::uint64_t likely() const;
  // What it cannot do without: no approximation in it.
  std::uint64_t least() const;
};

// `weights_bytes` of all files (Model::tensor_bytes). Numbers beyond all sense saturate; parts for
// which the header lacks a number are 0.
MemoryEstimate estimate_memory(const Metadata& metadata, std::uint64_t weights_bytes,
                               const Shape& shape);

}  // namespace corral::gguf
