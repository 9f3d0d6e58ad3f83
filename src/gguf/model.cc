#include "gguf/model.h"

#include <cstdio>
#include <string_view>

#include "base/strings.h"
#include "gguf/saturate.h"

namespace corral::gguf {
namespace {

using Kind = Fault::Kind;

std::optional<std::uint32_t> five_digits(std::string_view text) {
  const std::optional<std::uint64_t> number = parse_u64(text);
  if (text.size() != 5 || !number) return std::nullopt;
  return static_cast<std::uint32_t>(*number);
}

std::unexpected<ModelFault> at(const std::string& file, Fault what) {
  return std::unexpected(ModelFault{file, std::move(what)});
}

std::unexpected<ModelFault> broken(const std::string& file, const std::string& words,
                                   const std::string& hint) {
  return at(file, {Kind::kBroken, words, hint});
}

void add(Model& model, const std::string& path, const Header& header) {
  model.files.push_back(path);
  model.file_bytes = plus(model.file_bytes, header.file_size);
  model.tensor_bytes = plus(model.tensor_bytes, header.tensor_bytes());
  model.tensors += header.tensors.size();
}

// The fault if the name and the header of the first file do not tell where the others are.
std::optional<Fault> fault_of_first(const std::optional<ShardName>& name, const Metadata& first) {
  const std::uint64_t count = *first.split_count;
  if (count > kMostShards) return Fault{Kind::kBroken, "says that it is one of too many files"};
  if (first.split_no.value_or(0) != 0) {
    return Fault{Kind::kBroken,
                 "is part " + std::to_string(*first.split_no + 1) + " of a model in " +
                     std::to_string(count) + " files",
                 "name the first of them"};
  }
  if (!name || name->count != count || name->number != 1) {
    char ending[32];
    std::snprintf(ending, sizeof ending, "-00001-of-%05u.gguf", static_cast<unsigned>(count));
    return Fault{Kind::kBroken,
                 "is the first of " + std::to_string(count) +
                     " files of a model, whose name must end in " + ending,
                 "give it back its name"};
  }
  return std::nullopt;
}

}  // namespace

std::optional<ShardName> parse_shard_name(const std::string& path) {
  constexpr std::string_view kPattern = "-00001-of-00001.gguf";
  if (path.size() <= kPattern.size()) return std::nullopt;
  const std::size_t start = path.size() - kPattern.size();
  const std::string_view end = std::string_view(path).substr(start);
  if (end[0] != '-' || end.substr(6, 4) != "-of-" || end.substr(15) != ".gguf") {
    return std::nullopt;
  }
  const std::optional<std::uint32_t> number = five_digits(end.substr(1, 5));
  const std::optional<std::uint32_t> count = five_digits(end.substr(10, 5));
  if (!number || !count || *number == 0 || *number > *count) return std::nullopt;
  return ShardName{.prefix = path.substr(0, start), .number = *number, .count = *count};
}

std::string shard_path(const ShardName& name, std::uint32_t number) {
  char end[48];
  std::snprintf(end, sizeof end, "-%05u-of-%05u.gguf", number, name.count);
  return name.prefix + end;
}

std::expected<Model, ModelFault> read_model(const std::string& path) {
  const Read<Header> first = read_whole(path);
  if (!first.has_value()) return at(path, first.error());
  Model model;
  model.metadata = first->metadata;
  add(model, path, *first);
  const std::uint64_t count = first->metadata.split_count.value_or(1);
  if (count <= 1) return model;

  const std::optional<ShardName> name = parse_shard_name(path);
  if (const std::optional<Fault> wrong = fault_of_first(name, first->metadata)) {
    return at(path, *wrong);
  }
  for (std::uint32_t number = 2; number <= count; ++number) {
    const std::string file = shard_path(*name, number);
    const Read<Header> header = read_whole(file);
    if (!header.has_value()) {
      Fault wrong = header.error();
      if (wrong.kind == Kind::kMissing) {
        wrong.words += ": the model is in " + std::to_string(count) +
                       " files, which must all be in one folder";
      }
      return at(file, std::move(wrong));
    }
    if (header->metadata.split_no != number - 1) {
      return broken(file,
                    "is not part " + std::to_string(number) + " of its model, as its name says",
                    "download it again");
    }
    add(model, file, *header);
  }
  const std::uint64_t expected = first->metadata.split_tensors_count.value_or(model.tensors);
  if (expected != model.tensors) {
    return broken(path,
                  "and its further files have " + std::to_string(model.tensors) + " of " +
                      std::to_string(expected) + " tensors: they do not belong together",
                  "download them again");
  }
  return model;
}

}  // namespace corral::gguf
