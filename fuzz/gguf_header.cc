// Whatever the bytes, a model file's header gives a header or words:
//   - the same in pieces of any size, and nothing is read beyond the end of the file;
//   - tensors lie one behind the other, aligned, and within the file if it says that it is whole;
//   - cut anywhere before the end of its data, the same file is not whole, and says what is
//   missing;
//   - what was read, written as a file of its own, is read back as the same;
//   - the memory it needs at least is not more than what it most likely takes, and a larger context
//     never takes less.
#include "gguf/header.h"

#include <cstdint>
#include <string>
#include <string_view>

#include "base/check.h"
#include "gguf/memory.h"
#include "gguf/test_file.h"

using namespace corral;
using namespace corral::gguf;

namespace {

Source watched(std::string_view bytes) {
  Source source = source_of(bytes);
  return {
      .size = source.size,
      .read_at = [bytes, read = source.read_at](std::uint64_t offset, std::span<std::byte> into) {
        CHECK(offset <= bytes.size() && into.size() <= bytes.size() - offset);
        return read(offset, into);
      }};
}

void check_same(const Read<Header>& a, const Read<Header>& b) {
  CHECK(a.has_value() == b.has_value());
  if (a.has_value()) {
    CHECK(*a == *b);
  } else {
    CHECK(a.error().kind == b.error().kind && a.error().words == b.error().words);
  }
}

void check_extents(const Header& header) {
  std::uint64_t end = header.data_begin;
  std::uint64_t sum = 0;
  for (const Tensor& tensor : header.tensors) {
    CHECK(tensor.begin >= end && tensor.begin % header.alignment == 0);
    CHECK(tensor.type != nullptr && tensor.size % tensor.type->bytes == 0);
    end = tensor.begin + tensor.size;
    CHECK(end >= tensor.begin);
    if (header.whole()) CHECK(end <= header.file_size);
    sum += tensor.size;
  }
  CHECK(header.tensors.empty() || header.data_end == end);
  CHECK(header.tensor_bytes() == sum);
  CHECK(header.missing() == (header.whole() ? 0 : header.data_end - header.file_size));
}

void check_cuts(std::string_view bytes, const Header& header) {
  if (!header.whole()) return;
  const std::size_t end = static_cast<std::size_t>(header.data_end);
  for (std::size_t size = 0; size < end; ++size) {
    const Read<Header> cut = read_header(source_of(bytes.substr(0, size)));
    if (cut.has_value()) {
      CHECK(!cut->whole() && cut->missing() == end - size && cut->metadata == header.metadata);
    } else {
      CHECK(cut.error().kind == Fault::Kind::kCutShort);
    }
  }
}

std::string number(std::uint64_t value, std::size_t bytes) {
  return TestFile::number(value, bytes);
}

class Writer {
 public:
  explicit Writer(const Metadata& metadata) : start_(metadata.architecture + ".") {
    file_.key("general.architecture", metadata.architecture)
        .key("general.type", metadata.type)
        .key("general.name", metadata.name);
    one("block_count", metadata.block_count);
    one("context_length", metadata.context_length);
    one("embedding_length", metadata.embedding_length);
    list("feed_forward_length", metadata.feed_forward_length);
    list("attention.head_count", metadata.head_count);
    list("attention.head_count_kv", metadata.head_count_kv);
    one("attention.key_length", metadata.key_length);
    one("attention.value_length", metadata.value_length);
    one("attention.key_length_mla", metadata.key_length_mla);
    one("attention.key_length_swa", metadata.key_length_swa);
    one("attention.value_length_swa", metadata.value_length_swa);
    one("attention.sliding_window", metadata.sliding_window);
    list("attention.sliding_window_pattern", metadata.sliding_window_pattern);
    one("attention.shared_kv_layers", metadata.shared_kv_layers);
    one("full_attention_interval", metadata.full_attention_interval);
    if (!metadata.causal) one("attention.causal", 0);
    one("expert_count", metadata.expert_count);
    one("expert_used_count", metadata.expert_used_count);
    start_ = "split.";
    one("no", metadata.split_no);
    one("count", metadata.split_count);
    one("tensors.count", metadata.split_tensors_count);
    if (metadata.tokenizer) file_.key("tokenizer.ggml.model", "x");
    if (metadata.vocabulary) {
      const std::string empty(static_cast<std::size_t>(*metadata.vocabulary), '\0');
      file_.raw_key("tokenizer.ggml.tokens",
                    number(9, 4) + number(0, 4) + number(empty.size(), 8) + empty);
    }
  }
  TestFile& file() { return file_; }

 private:
  void one(std::string_view name, const std::optional<std::uint64_t>& value) {
    if (value) file_.raw_key(start_ + std::string(name), number(10, 4) + number(*value, 8));
  }
  void list(std::string_view name, const std::vector<std::uint64_t>& values) {
    if (values.empty()) return;
    std::string bytes = number(9, 4) + number(10, 4) + number(values.size(), 8);
    for (const std::uint64_t value : values) bytes += number(value, 8);
    file_.raw_key(start_ + std::string(name), bytes);
  }

  std::string start_;
  TestFile file_;
};

void check_written(const Header& header) {
  constexpr std::uint64_t kSmall = 4096;  // all of it is made in memory
  if (header.alignment > kSmall || header.tensor_bytes() > kSmall * kSmall) return;
  Writer writer(header.metadata);
  writer.file().version = header.version;
  writer.file().alignment = header.alignment;
  writer.file().key("general.alignment", static_cast<std::uint32_t>(header.alignment));
  for (const Tensor& tensor : header.tensors) {
    const std::uint64_t blocks = tensor.size / tensor.type->bytes;
    writer.file().tensor(tensor.name, tensor.type->id, {blocks * tensor.type->block}, tensor.size);
  }
  const std::string bytes = writer.file().bytes();
  const Read<Header> again = read_header(source_of(bytes));
  CHECK(again.has_value() && again->whole());
  CHECK(again->metadata == header.metadata && again->alignment == header.alignment);
  CHECK(again->tensors.size() == header.tensors.size());
  for (std::size_t i = 0; i < header.tensors.size(); ++i) {
    const Tensor& old = header.tensors[i];
    const Tensor& now = again->tensors[i];
    CHECK(now.name == old.name && now.type == old.type && now.size == old.size);
    CHECK(now.begin - again->data_begin == old.begin - header.data_begin);
  }
}

void check_memory(const Header& header) {
  std::uint64_t before = 0;
  for (const std::uint64_t context : {1U, 512U, 100'000U}) {
    for (const bool unified : {true, false}) {
      const Shape shape{.context = context, .slots = 4, .unified = unified};
      const MemoryEstimate estimate =
          estimate_memory(header.metadata, header.tensor_bytes(), shape);
      CHECK(estimate.least() <= estimate.likely());
      CHECK(estimate.weights_bytes <= estimate.least());
      if (!unified) continue;
      CHECK(estimate.kv_bytes >= before);
      before = estimate.kv_bytes;
    }
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  const Read<Header> whole = read_header(watched(bytes));
  for (const std::size_t piece : {1U, 2U, 7U, 64U}) {
    check_same(whole, read_header(watched(bytes), piece));
  }
  if (!whole.has_value()) {
    CHECK(!whole.error().words.empty());
    return 0;
  }
  check_extents(*whole);
  check_cuts(bytes, *whole);
  check_written(*whole);
  check_memory(*whole);
  return 0;
}
