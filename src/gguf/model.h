// A model's files: one, or several shards named "NAME-00001-of-00003.gguf" and so on.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "gguf/header.h"

namespace corral::gguf {

inline constexpr std::uint64_t kMostShards = 1'000;

struct ShardName {
  std::string prefix;        // with the folder
  std::uint32_t number = 0;  // from 1
  std::uint32_t count = 0;
};

// Nothing if the path is not named like a shard, or numbers it beyond its count.
std::optional<ShardName> parse_shard_name(const std::string& path);
// The path of the shard with that number, from 1.
std::string shard_path(const ShardName& name, std::uint32_t number);

struct Model {
  Metadata metadata;  // of the first file
  std::vector<std::string> files;
  std::uint64_t file_bytes = 0;
  std::uint64_t tensor_bytes = 0;
  std::uint64_t tensors = 0;
};

// A fault and the file that has it.
struct ModelFault {
  std::string file;
  Fault fault;
};

// Reads all files of the model that begins with `path`, each of which must be whole, and fit to the
// others. Blocks; any thread.
std::expected<Model, ModelFault> read_model(const std::string& path);

}  // namespace corral::gguf
