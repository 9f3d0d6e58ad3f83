// One pass from front to back: magic, version and counts; the keys, of which those that Metadata
// wants are kept as lists of numbers until the architecture is known, which their names begin
// with; the tensors; and then sums.
#include "gguf/header.h"

#include <algorithm>
#include <array>
#include <map>
#include <set>
#include <string_view>

#include "base/strings.h"
#include "gguf/cursor.h"
#include "gguf/saturate.h"

// Leaves the function with the fault of `expression`, else names its value.
#define GGUF_READ(name, expression) \
  const auto name = (expression);   \
  if (!(name).has_value()) return std::unexpected(std::move(name).error())

namespace corral::gguf {
namespace {

using Kind = Fault::Kind;

enum class ValueType : std::uint32_t {
  kU8,
  kI8,
  kU16,
  kI16,
  kU32,
  kI32,
  kF32,
  kBool,
  kString,
  kArray,
  kU64,
  kI64,
  kF64,
  kEnd
};

struct ValueShape {
  std::size_t bytes;  // 0: it has no fixed size
  bool is_signed;
  bool whole;  // an integer or a truth value
};
constexpr std::array<ValueShape, 13> kShapes = {{{1, false, true},
                                                 {1, true, true},
                                                 {2, false, true},
                                                 {2, true, true},
                                                 {4, false, true},
                                                 {4, true, true},
                                                 {4, false, false},
                                                 {1, false, true},
                                                 {0, false, false},
                                                 {0, false, false},
                                                 {8, false, true},
                                                 {8, true, true},
                                                 {8, false, false}}};

// Numbers whose key ends so, behind the architecture and a dot.
constexpr std::array<std::string_view, 18> kNumbers = {
    "block_count",
    "context_length",
    "embedding_length",
    "feed_forward_length",
    "attention.head_count",
    "attention.head_count_kv",
    "attention.key_length",
    "attention.value_length",
    "attention.key_length_mla",
    "attention.key_length_swa",
    "attention.value_length_swa",
    "attention.sliding_window",
    "attention.sliding_window_pattern",
    "attention.shared_kv_layers",
    "full_attention_interval",
    "attention.causal",
    "expert_count",
    "expert_used_count",
};
constexpr std::array<std::string_view, 3> kSplitNumbers = {"split.no", "split.count",
                                                           "split.tensors.count"};
// Of all numbers kept: some lists of one number a layer, whatever the file says.
constexpr std::uint64_t kMostKept = 16 * kMostLayers;

bool is_kept(std::string_view key) {
  if (std::ranges::find(kSplitNumbers, key) != kSplitNumbers.end()) return true;
  const std::size_t dot = key.find('.');
  return dot != std::string_view::npos &&
         std::ranges::find(kNumbers, key.substr(dot + 1)) != kNumbers.end();
}

std::string quoted(std::string_view text) { return json_quote(text.substr(0, kLongestWord)); }

std::unexpected<Fault> broken(const std::string& why) {
  return fault(Kind::kBroken, "is damaged: " + why, "download it again");
}

std::unexpected<Fault> beyond(const std::string& what, std::uint64_t count, std::uint64_t limit) {
  return fault(Kind::kBroken, "is damaged or no model: it says that it has " +
                                  std::to_string(count) + " " + what + ", more than " +
                                  std::to_string(limit));
}

class Reader {
 public:
  Reader(const Source& source, std::size_t piece) : cursor_(source, piece) {
    header_.file_size = source.size;
  }

  Read<Header> read() {
    GGUF_READ(counts, begin());
    for (std::uint64_t i = 0; i < keys_; ++i) {
      GGUF_READ(one, read_key());
    }
    GGUF_READ(known, settle());
    header_.tensors.reserve(static_cast<std::size_t>(std::min<std::uint64_t>(tensors_, 1024)));
    for (std::uint64_t i = 0; i < tensors_; ++i) {
      GGUF_READ(one, read_tensor());
    }
    GGUF_READ(placed, place());
    return std::move(header_);
  }

 private:
  Read<void> begin() {
    if (cursor_.left() == 0) return fault(Kind::kCutShort, "is empty", "download it again");
    std::array<char, 4> magic{};
    const std::size_t count = static_cast<std::size_t>(std::min<std::uint64_t>(4, cursor_.left()));
    GGUF_READ(four, cursor_.copy(std::as_writable_bytes(std::span(magic).first(count))));
    if (std::string_view(magic.data(), count) != std::string_view("GGUF").substr(0, count)) {
      return fault(Kind::kNoGguf,
                   "is no GGUF file: it begins with " + quoted({magic.data(), count}) +
                       " instead of \"GGUF\"",
                   "name the model's .gguf file itself; a page or a pointer that a download has "
                   "left in its place is none");
    }
    GGUF_READ(version, cursor_.number(4));
    header_.version = static_cast<std::uint32_t>(*version);
    if ((*version & 0xffff) == 0 && *version != 0) {
      return fault(Kind::kUnsupported,
                   "is a GGUF file for big-endian machines, which this one is not",
                   "get the little-endian one");
    }
    if (*version != 2 && *version != 3) {
      const std::string next =
          *version < 2 ? "which is no longer read" : "newer than 3, the last one known";
      const std::string hint = *version < 2 ? "get a newer file of the model" : "update corral";
      return fault(Kind::kUnsupported,
                   "is a GGUF file of version " + std::to_string(*version) + ", " + next, hint);
    }
    GGUF_READ(tensors, cursor_.number(8));
    GGUF_READ(keys, cursor_.number(8));
    if (*tensors > kMostTensors) return beyond("tensors", *tensors, kMostTensors);
    if (*keys > kMostKeys) return beyond("keys", *keys, kMostKeys);
    tensors_ = *tensors;
    keys_ = *keys;
    return {};
  }

  Read<std::string> text(const char* what, std::uint64_t longest) {
    GGUF_READ(size, cursor_.number(8));
    if (*size > longest) return beyond("bytes in " + std::string(what), *size, longest);
    if (*size > cursor_.left()) {
      return std::unexpected(cursor_.skip(*size).error());  // before the memory is taken
    }
    std::string out(static_cast<std::size_t>(*size), '\0');
    GGUF_READ(copied, cursor_.copy(std::as_writable_bytes(std::span(out))));
    return out;
  }

  // A string value, of which no more than kLongestWord is kept.
  Read<std::string> word() {
    GGUF_READ(size, cursor_.number(8));
    if (*size > kLongestString) return beyond("bytes in a string", *size, kLongestString);
    std::string out(static_cast<std::size_t>(std::min(*size, kLongestWord)), '\0');
    GGUF_READ(copied, cursor_.copy(std::as_writable_bytes(std::span(out))));
    GGUF_READ(rest, cursor_.skip(*size - out.size()));
    return out;
  }

  Read<void> read_key() {
    GGUF_READ(key, text("a key", kLongestKey));
    if (key->empty()) return broken("a key has no name");
    if (!seen_.insert(*key).second) return broken("the key " + quoted(*key) + " comes twice");
    GGUF_READ(type, cursor_.number(4));
    if (*type >= kShapes.size()) return broken("the key " + quoted(*key) + " has no known type");
    const auto value_type = static_cast<ValueType>(*type);
    if (value_type == ValueType::kArray) return read_array(*key);
    if (value_type == ValueType::kString) return read_word(*key);
    const ValueShape& shape = kShapes[*type];
    GGUF_READ(value, cursor_.number(shape.bytes));
    if (*key == "general.alignment") {
      if (value_type != ValueType::kU32 || *value == 0 || (*value & (*value - 1)) != 0) {
        return broken("general.alignment is no power of two");
      }
      header_.alignment = *value;
    }
    if (is_kept(*key) && shape.whole) keep(*key, shape, {*value});
    return {};
  }

  Read<void> read_word(const std::string& key) {
    GGUF_READ(value, word());
    if (key == "general.architecture") header_.metadata.architecture = *value;
    if (key == "general.type") header_.metadata.type = *value;
    if (key == "general.name") header_.metadata.name = *value;
    if (key == "tokenizer.ggml.model") header_.metadata.tokenizer = true;
    if (key == "general.alignment") return broken("general.alignment is no power of two");
    return {};
  }

  Read<void> read_array(const std::string& key) {
    if (key == "general.alignment") return broken("general.alignment is no power of two");
    GGUF_READ(type, cursor_.number(4));
    GGUF_READ(count, cursor_.number(8));
    if (*type >= kShapes.size()) return broken("the key " + quoted(key) + " has no known type");
    const auto value_type = static_cast<ValueType>(*type);
    if (value_type == ValueType::kArray) {
      return fault(Kind::kUnsupported,
                   "has an array of arrays, " + quoted(key) + ", which llama.cpp does not read");
    }
    if (key == "tokenizer.ggml.tokens") header_.metadata.vocabulary = *count;
    if (value_type == ValueType::kString) return skip_strings(*count);
    const ValueShape& shape = kShapes[*type];
    const bool wanted =
        is_kept(key) && shape.whole && *count <= kMostLayers && kept_count_ + *count <= kMostKept;
    if (!wanted) return cursor_.skip(times(*count, shape.bytes));
    std::vector<std::uint64_t> values;
    for (std::uint64_t i = 0; i < *count; ++i) {
      GGUF_READ(value, cursor_.number(shape.bytes));
      values.push_back(*value);
    }
    keep(key, shape, std::move(values));
    return {};
  }

  Read<void> skip_strings(std::uint64_t count) {
    if (count > kMostStrings - strings_) return beyond("strings", count, kMostStrings);
    strings_ += count;
    for (std::uint64_t i = 0; i < count; ++i) {
      GGUF_READ(size, cursor_.number(8));
      if (*size > kLongestString) return beyond("bytes in a string", *size, kLongestString);
      GGUF_READ(skipped, cursor_.skip(*size));
    }
    return {};
  }

  // A list with a negative number in it counts as not given.
  void keep(const std::string& key, const ValueShape& shape, std::vector<std::uint64_t> values) {
    const std::uint64_t sign = std::uint64_t{1} << (8 * shape.bytes - 1);
    const auto negative = [&](std::uint64_t value) { return shape.is_signed && value >= sign; };
    if (values.empty() || std::ranges::any_of(values, negative)) return;
    kept_count_ += values.size();
    kept_[key] = std::move(values);
  }

  std::vector<std::uint64_t> list(std::string_view name) const {
    const auto found = kept_.find(header_.metadata.architecture + "." + std::string(name));
    return found == kept_.end() ? std::vector<std::uint64_t>{} : found->second;
  }
  std::optional<std::uint64_t> one(std::string_view name) const {
    const std::vector<std::uint64_t> values = list(name);
    return values.size() == 1 ? std::optional(values[0]) : std::nullopt;
  }
  std::optional<std::uint64_t> split(std::string_view name) const {
    const auto found = kept_.find("split." + std::string(name));
    const bool given = found != kept_.end() && found->second.size() == 1;
    return given ? std::optional(found->second[0]) : std::nullopt;
  }

  Read<void> settle() {
    Metadata& metadata = header_.metadata;
    metadata.block_count = one("block_count");
    if (metadata.block_count.value_or(0) > kMostLayers) {
      return beyond("layers", *metadata.block_count, kMostLayers);
    }
    metadata.context_length = one("context_length");
    metadata.embedding_length = one("embedding_length");
    metadata.feed_forward_length = list("feed_forward_length");
    metadata.head_count = list("attention.head_count");
    metadata.head_count_kv = list("attention.head_count_kv");
    metadata.key_length = one("attention.key_length");
    metadata.value_length = one("attention.value_length");
    metadata.key_length_mla = one("attention.key_length_mla");
    metadata.key_length_swa = one("attention.key_length_swa");
    metadata.value_length_swa = one("attention.value_length_swa");
    metadata.sliding_window = one("attention.sliding_window");
    metadata.sliding_window_pattern = list("attention.sliding_window_pattern");
    metadata.shared_kv_layers = one("attention.shared_kv_layers");
    metadata.full_attention_interval = one("full_attention_interval");
    metadata.causal = one("attention.causal").value_or(1) != 0;
    metadata.expert_count = one("expert_count");
    metadata.expert_used_count = one("expert_used_count");
    metadata.split_no = split("no");
    metadata.split_count = split("count");
    metadata.split_tensors_count = split("tensors.count");
    return {};
  }

  // The tensor's begin is its offset within the data until place() knows where that begins.
  Read<void> read_tensor() {
    Tensor tensor;
    GGUF_READ(name, text("a tensor's name", kLongestName));
    tensor.name = *name;
    if (!names_.insert(*name).second) return broken("the tensor " + quoted(*name) + " comes twice");
    GGUF_READ(dimensions, cursor_.number(4));
    if (*dimensions > 4) return broken("the tensor " + quoted(*name) + " has too many dimensions");
    std::uint64_t row = 1;
    std::uint64_t rows = 1;
    for (std::uint64_t i = 0; i < *dimensions; ++i) {
      GGUF_READ(extent, cursor_.number(8));
      if (*extent > INT64_MAX) return broken("the tensor " + quoted(*name) + " has no true shape");
      if (i == 0) row = *extent;
      if (i > 0) rows = times(rows, *extent);
    }
    GGUF_READ(type, cursor_.number(4));
    tensor.type = find_tensor_type(static_cast<std::uint32_t>(*type));
    if (tensor.type == nullptr) {
      return fault(Kind::kUnsupported,
                   "stores the tensor " + quoted(*name) + " as type " + std::to_string(*type) +
                       ", which this engine does not know",
                   "get another file of the model, or update corral");
    }
    if (row % tensor.type->block != 0) {
      return broken("the rows of the tensor " + quoted(*name) + " are no whole blocks");
    }
    // Both must be representable in the engine.
    tensor.size = times(row_bytes(*tensor.type, row), rows);
    if (times(row, rows) >= INT64_MAX || tensor.size >= INT64_MAX) {
      return broken("the tensor " + quoted(*name) + " is too large to be true");
    }
    GGUF_READ(offset, cursor_.number(8));
    tensor.begin = *offset;
    header_.tensors.push_back(std::move(tensor));
    return {};
  }

  Read<void> place() {
    header_.data_begin = cursor_.offset();
    if (!header_.tensors.empty()) header_.data_begin = padded(cursor_.offset(), header_.alignment);
    header_.data_end = header_.tensors.empty() ? cursor_.offset() : header_.data_begin;
    std::uint64_t expected = 0;
    for (Tensor& tensor : header_.tensors) {
      if (tensor.begin != expected) {
        return broken("the tensor " + quoted(tensor.name) + " begins at " +
                      std::to_string(tensor.begin) + " and not at " + std::to_string(expected));
      }
      expected = padded(plus(expected, tensor.size), header_.alignment);
      tensor.begin = plus(header_.data_begin, tensor.begin);
      header_.data_end = plus(tensor.begin, tensor.size);
      if (header_.data_end > INT64_MAX) return broken("its tensors are too large to be true");
    }
    return {};
  }

  Cursor cursor_;
  Header header_;
  std::uint64_t tensors_ = 0;
  std::uint64_t keys_ = 0;
  std::uint64_t strings_ = 0;
  std::uint64_t kept_count_ = 0;
  std::set<std::string> seen_;
  std::set<std::string> names_;
  std::map<std::string, std::vector<std::uint64_t>> kept_;
};

}  // namespace

std::uint64_t Header::tensor_bytes() const {
  std::uint64_t sum = 0;
  for (const Tensor& tensor : tensors) sum = plus(sum, tensor.size);
  return sum;
}

Read<Header> read_header(const Source& source, std::size_t piece) {
  Reader reader(source, piece);
  return reader.read();
}

Read<Header> read_whole(const std::string& path) {
  GGUF_READ(file, File::open(path));
  Read<Header> header = read_header(file->source());
  // What was read of a file that changed means nothing, be it good or bad.
  GGUF_READ(same, file->unchanged());
  if (!header.has_value() || header->whole()) return header;
  return fault(Kind::kCutShort,
               "is cut short: it has " + std::to_string(header->file_size) + " of " +
                   std::to_string(header->data_end) + " bytes, the last " +
                   std::to_string(header->missing()) + " are missing",
               "download it again");
}

}  // namespace corral::gguf
