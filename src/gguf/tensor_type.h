// The types of tensor data: how many bytes so many values take. A constant table.
//
// Source: llama.cpp, ggml/include/ggml.h (the numbers), ggml/src/ggml.c (the names) and
// ggml/src/ggml-common.h (the blocks) as of commit de3ff81. The numbers missing in between were
// types that are gone: no llama.cpp reads such files any more.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace corral::gguf {

struct TensorType {
  std::uint32_t id = 0;
  std::string_view name;
  std::uint32_t block = 1;  // values that are stored together; a row holds whole blocks
  std::uint32_t bytes = 0;  // of such a block
};

// nullptr if there is no such type (any more).
const TensorType* find_tensor_type(std::uint32_t id);
const TensorType* find_tensor_type(std::string_view name);

// Bytes of a row of so many values, rounded up to whole blocks. Saturates.
std::uint64_t row_bytes(const TensorType& type, std::uint64_t values);

}  // namespace corral::gguf
