// The header of a GGUF file: what the model is, and where the data of each tensor lies. From that
// follow whether the file is whole and how much memory it takes (memory.h).
//
// Format: llama.cpp, ggml/include/gguf.h and the specification in ggml's docs/gguf.md, versions 2
// and 3, little endian. Read as strictly as ggml reads it, so that what passes here is no surprise
// there: keys are unique, arrays do not nest, tensors follow each other without gaps.
//
// Any bytes give a header or a Fault, in bounded time and memory: see the limits below. Stateless;
// any thread. Blocks on the file.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "gguf/source.h"
#include "gguf/tensor_type.h"

namespace corral::gguf {

// What is beyond these is no model that we have heard of. The largest known have some 2,000 tensors
// and 300,000 words; a chat template takes some kilobytes.
inline constexpr std::uint64_t kMostTensors = 65'536;
inline constexpr std::uint64_t kMostKeys = 16'384;
inline constexpr std::uint64_t kLongestKey = 1'024;
inline constexpr std::uint64_t kLongestString = 16 * 1024 * 1024;
inline constexpr std::uint64_t kMostStrings = 16 * 1024 * 1024;  // in all arrays together
inline constexpr std::uint64_t kMostLayers = 16'384;
inline constexpr std::uint64_t kLongestName = 63;   // of a tensor, GGML_MAX_NAME with its NUL
inline constexpr std::uint64_t kLongestWord = 256;  // of a string that we keep; longer: cut

// What a model says of itself. Numbers that it does not give are nothing, lists are empty. A number
// of the wrong type counts as not given.
struct Metadata {
  std::string architecture;  // "llama"; keys below begin with it
  std::string type;          // general.type: "model", "adapter", "mmproj"; often empty
  std::string name;

  std::optional<std::uint64_t> block_count;  // layers
  std::optional<std::uint64_t> context_length;
  std::optional<std::uint64_t> embedding_length;
  std::optional<std::uint64_t> vocabulary;  // words of the tokenizer
  // One number for all layers, or one for each.
  std::vector<std::uint64_t> feed_forward_length;
  std::vector<std::uint64_t> head_count;
  std::vector<std::uint64_t> head_count_kv;
  std::optional<std::uint64_t> key_length;  // of a head
  std::optional<std::uint64_t> value_length;
  std::optional<std::uint64_t> key_length_mla;  // given: values are not cached
  std::optional<std::uint64_t> key_length_swa;  // of a head in a layer with a window
  std::optional<std::uint64_t> value_length_swa;
  std::optional<std::uint64_t> sliding_window;           // tokens
  std::vector<std::uint64_t> sliding_window_pattern;     // one a layer: not 0 has the window
  std::optional<std::uint64_t> shared_kv_layers;         // the last ones use others' cache
  std::optional<std::uint64_t> full_attention_interval;  // of hybrids: each so-many-th caches
  bool causal = true;                                    // false: an encoder, which caches nothing
  std::optional<std::uint64_t> expert_count;
  std::optional<std::uint64_t> expert_used_count;

  std::optional<std::uint64_t> split_no;  // of this file, from 0
  std::optional<std::uint64_t> split_count;
  std::optional<std::uint64_t> split_tensors_count;  // in all files
  bool tokenizer = false;                            // it has one

  bool operator==(const Metadata&) const = default;
};

struct Tensor {
  std::string name;
  const TensorType* type = nullptr;
  std::uint64_t begin = 0;  // in the file
  std::uint64_t size = 0;   // bytes

  bool operator==(const Tensor&) const = default;
};

struct Header {
  std::uint32_t version = 0;
  std::uint64_t alignment = 32;
  std::uint64_t file_size = 0;
  std::uint64_t data_begin = 0;  // of the first tensor; the header ends here or up to alignment-1
                                 // bytes before
  std::uint64_t data_end = 0;    // of the last tensor, without the padding behind it
  Metadata metadata;
  std::vector<Tensor> tensors;

  // Whether each tensor lies in the file. If not, the bytes [file_size, data_end) are missing.
  bool whole() const { return data_end <= file_size; }
  std::uint64_t missing() const { return whole() ? 0 : data_end - file_size; }
  std::uint64_t tensor_bytes() const;

  bool operator==(const Header&) const = default;
};

// The header of a file that may lack data behind it. A header that is itself cut: kCutShort. The
// file is read in pieces of at most `piece` bytes, not 0, which changes nothing else.
Read<Header> read_header(const Source& source, std::size_t piece = 64 * 1024);

// The header of a whole file that did not change meanwhile. kCutShort says how much is missing.
Read<Header> read_whole(const std::string& path);

}  // namespace corral::gguf
