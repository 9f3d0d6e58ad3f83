#include "gguf/memory.h"

#include <algorithm>

#include "gguf/saturate.h"

namespace corral::gguf {
namespace {

// llama.cpp rounds contexts and caches up to so many tokens.
constexpr std::uint64_t kCells = 256;
constexpr std::uint64_t kFloat = 4;
constexpr std::uint64_t kMaskBytes = 2;
// Vectors of the model's width that live at once in a layer: its input, the normalised one, the
// queries with keys and values, and what comes out.
constexpr std::uint64_t kVectors = 7;

std::uint64_t of_layer(const std::vector<std::uint64_t>& list, std::uint64_t layer) {
  if (list.size() == 1) return list[0];
  return layer < list.size() ? list[layer] : 0;
}

// Values that one token takes in a layer's cache.
struct Width {
  std::uint64_t keys = 0;
  std::uint64_t values = 0;
};

Width width_of(const Metadata& metadata, std::uint64_t layer, bool window) {
  const std::uint64_t heads = of_layer(metadata.head_count, layer);
  const std::uint64_t heads_kv =
      metadata.head_count_kv.empty() ? heads : of_layer(metadata.head_count_kv, layer);
  if (heads == 0 || heads_kv == 0) return {};  // a layer without attention
  const std::uint64_t usual = metadata.embedding_length.value_or(0) / heads;
  std::uint64_t key = metadata.key_length.value_or(usual);
  std::uint64_t value = metadata.value_length.value_or(usual);
  if (window) {
    key = metadata.key_length_swa.value_or(key);
    value = metadata.value_length_swa.value_or(value);
  }
  if (metadata.key_length_mla) value = 0;  // they are computed from the keys
  return {times(key, heads_kv), times(value, heads_kv)};
}

class Cache {
 public:
  Cache(const Metadata& metadata, const Shape& shape, std::uint64_t context)
      : metadata_(metadata), shape_(shape) {
    const std::uint64_t slots = std::max<std::uint64_t>(shape.slots, 1);
    const std::uint64_t streams = shape.unified ? 1 : slots;
    const std::uint64_t cells = padded(context / streams, kCells);
    const std::uint64_t window = plus(
        times(metadata.sliding_window.value_or(0), shape.unified ? slots : 1), shape.micro_batch);
    const std::uint64_t window_cells = padded(std::min(cells, window), kCells);
    cells_ = times(cells, streams);
    window_cells_ = shape.whole_window ? cells_ : times(window_cells, streams);
  }

  // `everywhere`: layers of which it is not known have the window too.
  std::uint64_t bytes(bool everywhere) const {
    if (!metadata_.causal) return 0;
    std::uint64_t layers = metadata_.block_count.value_or(0);
    layers -= std::min(layers, metadata_.shared_kv_layers.value_or(0));
    const std::uint64_t interval = metadata_.full_attention_interval.value_or(1);
    std::uint64_t sum = 0;
    for (std::uint64_t layer = 0; layer < layers; ++layer) {
      if (interval > 1 && (layer + 1) % interval != 0) continue;  // a recurrent one
      sum = plus(sum, bytes_of(layer, has_window(layer, everywhere)));
    }
    return sum;
  }

 private:
  bool has_window(std::uint64_t layer, bool everywhere) const {
    if (metadata_.sliding_window.value_or(0) == 0) return false;
    const std::vector<std::uint64_t>& pattern = metadata_.sliding_window_pattern;
    return layer < pattern.size() && pattern.size() > 1 ? pattern[layer] != 0 : everywhere;
  }

  std::uint64_t bytes_of(std::uint64_t layer, bool window) const {
    const TensorType* usual = find_tensor_type("f16");
    const TensorType* keys = shape_.key_type != nullptr ? shape_.key_type : usual;
    const TensorType* values = shape_.value_type != nullptr ? shape_.value_type : usual;
    const Width width = width_of(metadata_, layer, window);
    const std::uint64_t token =
        plus(row_bytes(*keys, width.keys), row_bytes(*values, width.values));
    return times(token, window ? window_cells_ : cells_);
  }

  const Metadata& metadata_;
  const Shape& shape_;
  std::uint64_t cells_ = 0;
  std::uint64_t window_cells_ = 0;
};

std::uint64_t compute_bytes(const Metadata& metadata, const Shape& shape, std::uint64_t context) {
  const std::uint64_t width = metadata.embedding_length.value_or(0);
  std::uint64_t forward = 0;
  for (const std::uint64_t one : metadata.feed_forward_length) forward = std::max(forward, one);
  const std::uint64_t vectors = plus(times(kVectors, width), times(2, forward));
  const std::uint64_t token = plus(times(kFloat, vectors), times(kMaskBytes, context));
  return times(token, std::min(shape.micro_batch, context));
}

}  // namespace

std::uint64_t MemoryEstimate::likely() const {
  return plus(plus(weights_bytes, kv_bytes), compute_bytes);
}

std::uint64_t MemoryEstimate::least() const { return plus(weights_bytes, kv_least_bytes); }

MemoryEstimate estimate_memory(const Metadata& metadata, std::uint64_t weights_bytes,
                               const Shape& shape) {
  const std::uint64_t wanted =
      shape.context == 0 ? metadata.context_length.value_or(0) : shape.context;
  MemoryEstimate estimate;
  estimate.context = padded(wanted, kCells);
  estimate.weights_bytes = weights_bytes;
  const Cache cache(metadata, shape, estimate.context);
  estimate.kv_bytes = cache.bytes(false);
  estimate.kv_least_bytes = std::min(cache.bytes(true), estimate.kv_bytes);
  estimate.compute_bytes = compute_bytes(metadata, shape, estimate.context);
  return estimate;
}

}  // namespace corral::gguf
