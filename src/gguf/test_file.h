// For tests: writes GGUF files by hand, good ones and bad ones.
#pragma once

#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>
#include <vector>

#include "gguf/source.h"

namespace corral::gguf {

class TestFile {
 public:
  std::uint32_t version = 3;
  std::uint64_t alignment = 32;

  TestFile& key(std::string_view name, std::uint32_t value) {
    keys_ += text(name) + number(4, 4) + number(value, 4);
    return counted();
  }
  TestFile& key(std::string_view name, std::string_view value) {
    keys_ += text(name) + number(8, 4) + text(value);
    return counted();
  }
  TestFile& list(std::string_view name, const std::vector<std::uint32_t>& values) {
    keys_ += text(name) + number(9, 4) + number(4, 4) + number(values.size(), 8);
    for (const std::uint32_t value : values) keys_ += number(value, 4);
    return counted();
  }
  TestFile& words(std::string_view name, const std::vector<std::string>& values) {
    keys_ += text(name) + number(9, 4) + number(8, 4) + number(values.size(), 8);
    for (const std::string& value : values) keys_ += text(value);
    return counted();
  }
  // A key of any bytes behind its name.
  TestFile& raw_key(std::string_view name, std::string_view bytes) {
    keys_ += text(name) + std::string(bytes);
    return counted();
  }
  // `bytes` must be what so many values of that type take.
  TestFile& tensor(std::string_view name, std::uint32_t type,
                   const std::vector<std::uint64_t>& shape, std::uint64_t bytes) {
    tensors_ += text(name) + number(shape.size(), 4);
    for (const std::uint64_t extent : shape) tensors_ += number(extent, 8);
    tensors_ += number(type, 4) + number(data_, 8);
    end_ = data_ + bytes;
    data_ = (end_ + alignment - 1) / alignment * alignment;
    ++tensor_count_;
    return *this;
  }

  // The header with its padding.
  std::string header() const {
    std::string out = "GGUF" + number(version, 4) + number(tensor_count_, 8) +
                      number(key_count_, 8) + keys_ + tensors_;
    while (tensor_count_ > 0 && out.size() % alignment != 0) out.push_back('\0');
    return out;
  }
  // All of it, the tensors without content.
  std::string bytes() const { return header() + std::string(end_, '\0'); }

  static std::string number(std::uint64_t value, std::size_t bytes) {
    std::string out;
    for (std::size_t i = 0; i < bytes; ++i) out.push_back(static_cast<char>(value >> (8 * i)));
    return out;
  }
  static std::string text(std::string_view value) {
    return number(value.size(), 8) + std::string(value);
  }

 private:
  TestFile& counted() {
    ++key_count_;
    return *this;
  }

  std::string keys_;
  std::string tensors_;
  std::uint64_t key_count_ = 0;
  std::uint64_t tensor_count_ = 0;
  std::uint64_t data_ = 0;
  std::uint64_t end_ = 0;
};

// Bytes in memory, which must stay.
inline Source source_of(std::string_view bytes) {
  return {.size = bytes.size(),
          .read_at = [bytes](std::uint64_t offset, std::span<std::byte> into) -> Read<void> {
            if (offset > bytes.size() || into.size() > bytes.size() - offset) {
              return fault(Fault::Kind::kUnreadable, "was asked for bytes that it does not have");
            }
            if (!into.empty()) std::memcpy(into.data(), bytes.data() + offset, into.size());
            return {};
          }};
}

// A small model whose numbers a person can follow: 2 layers of 4 heads, 2 of them with keys and
// values, of 32 numbers each; trained for 1024 tokens; 1,216 bytes of tensors.
inline TestFile small_model() {
  TestFile file;
  file.key("general.architecture", "llama")
      .key("llama.block_count", 2)
      .key("llama.context_length", 1024)
      .key("llama.embedding_length", 128)
      .key("llama.feed_forward_length", 256)
      .key("llama.attention.head_count", 4)
      .key("llama.attention.head_count_kv", 2)
      .key("tokenizer.ggml.model", "gpt2")
      .words("tokenizer.ggml.tokens", {"a", "b", "c"})
      .tensor("token_embd.weight", 8, {64, 3}, 204)  // q8_0: 6 blocks of 34 bytes
      .tensor("output.weight", 0, {23, 11}, 1012);
  return file;
}

}  // namespace corral::gguf
