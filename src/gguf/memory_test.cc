#include "gguf/memory.h"

#include <doctest/doctest.h>

#include <cstdlib>

#include "gguf/model.h"
#include "gguf/test_file.h"

using namespace corral::gguf;

namespace {

Metadata small() {
  Metadata metadata;
  metadata.block_count = 2;
  metadata.context_length = 1024;
  metadata.embedding_length = 128;
  metadata.head_count = {4};
  metadata.head_count_kv = {2};
  metadata.vocabulary = 100;
  metadata.feed_forward_length = {256};
  return metadata;
}

std::uint64_t kv(const Metadata& metadata, const Shape& shape = {}) {
  return estimate_memory(metadata, 0, shape).kv_bytes;
}

// Of one token in both layers, keys and values, in f16.
constexpr std::uint64_t kToken = 2 * 2 * 64 * 2;

}  // namespace

TEST_CASE("the cache is as large as the context, in steps of 256 tokens") {
  CHECK(kv(small()) == 1024 * kToken);
  CHECK(kv(small(), {.context = 100}) == 256 * kToken);
  CHECK(kv(small(), {.context = 4096}) == 4096 * kToken);
  CHECK(kv(small(), {.context = 4096, .slots = 4}) == 4096 * kToken);
  CHECK(kv(small(), {.context = 1000, .slots = 4, .unified = false}) == 1024 * kToken);
}

TEST_CASE("the cache's types count by their blocks") {
  const TensorType* q8 = find_tensor_type("q8_0");
  CHECK(kv(small(), {.key_type = q8}) == 1024 * (2 * 64 * 34 / 32 + 2 * 64 * 2));
  CHECK(kv(small(), {.key_type = q8, .value_type = q8}) == 1024 * 2 * 2 * 64 * 34 / 32);
}

TEST_CASE("heads, windows and shared layers are counted layer by layer") {
  Metadata lists = small();
  lists.head_count_kv = {0, 2};
  CHECK(kv(lists) == 1024 * kToken / 2);
  Metadata lengths = small();
  lengths.key_length = 64;
  lengths.value_length = 16;
  CHECK(kv(lengths) == 1024 * std::uint64_t{2 * 2 * (64 + 16) * 2});
  Metadata shared = small();
  shared.shared_kv_layers = 1;
  CHECK(kv(shared) == 1024 * kToken / 2);
  Metadata hybrid = small();
  hybrid.block_count = 8;
  hybrid.full_attention_interval = 4;
  CHECK(kv(hybrid) == 1024 * kToken);
  Metadata encoder = small();
  encoder.causal = false;
  CHECK(kv(encoder) == 0);

  Metadata window = small();
  window.sliding_window = 128;
  window.sliding_window_pattern = {1, 0};
  const Shape shape{.context = 8192};
  CHECK(kv(window, shape) == (8192 + 768) * kToken / 2);  // 128 + 512 tokens are 768
  CHECK(kv(window, {.context = 8192, .whole_window = true}) == 8192 * kToken);
  window.sliding_window_pattern = {};
  const MemoryEstimate unknown = estimate_memory(window, 0, shape);
  CHECK(unknown.kv_bytes == 8192 * kToken);
  CHECK(unknown.kv_least_bytes == 768 * kToken);
}

TEST_CASE("an estimate is the sum of its parts, and the least has no guess in it") {
  const MemoryEstimate estimate = estimate_memory(small(), 5000, {});
  CHECK(estimate.weights_bytes == 5000);
  CHECK(estimate.context == 1024);
  CHECK(estimate.compute_bytes == 512 * (4 * (7 * 128 + 2 * 256) + 2 * 1024));
  CHECK(estimate.likely() == 5000 + 1024 * kToken + estimate.compute_bytes);
  CHECK(estimate.least() == 5000 + 1024 * kToken);
}

TEST_CASE("numbers beyond all sense stay beyond all sense") {
  Metadata metadata = small();
  metadata.embedding_length = UINT64_MAX;
  metadata.block_count = kMostLayers;
  metadata.head_count = {1};
  metadata.head_count_kv = {UINT64_MAX};
  const MemoryEstimate estimate =
      estimate_memory(metadata, UINT64_MAX, {.context = UINT64_MAX, .slots = UINT64_MAX});
  CHECK(estimate.kv_bytes == UINT64_MAX);
  CHECK(estimate.least() == UINT64_MAX);
  CHECK(estimate_memory({}, 0, {.slots = 0}).likely() == 0);
}

TEST_CASE("the tiny model's estimate is what the engine takes, as it says itself") {
  const auto model = read_model(CORRAL_TEST_DATA "/models/tiny-chat-1m-q8_0.gguf");
  REQUIRE(model.has_value());
  const MemoryEstimate estimate =
      estimate_memory(model->metadata, model->tensor_bytes, {.context = 8192, .slots = 4});
  constexpr std::uint64_t kMiB = 1024 * 1024;
  CHECK((estimate.weights_bytes + kMiB / 200) / (kMiB / 100) == 100);  // 1.00 MiB
  CHECK(estimate.kv_bytes == 16 * kMiB);
  CHECK(estimate.kv_least_bytes == 16 * kMiB);
  CHECK(estimate.compute_bytes > 9 * kMiB);
  CHECK(estimate.compute_bytes < 14 * kMiB);
}
