#include "gguf/model.h"

#include <doctest/doctest.h>

#include <filesystem>
#include <fstream>

#include "base/test_folder.h"
#include "gguf/test_file.h"

using namespace corral::gguf;
using corral::Folder;

namespace {

using Kind = Fault::Kind;

// Three shards in a folder of their own.
class Shards {
 public:
  Shards() {
    for (std::uint32_t number = 1; number <= 3; ++number) write(number, number - 1);
  }

  std::string path(std::uint32_t number) const {
    return folder_.path() + "/m-0000" + std::to_string(number) + "-of-00003.gguf";
  }
  void write(std::uint32_t number, std::uint32_t says, std::uint32_t tensors = 3) const {
    TestFile file;
    file.key("general.architecture", "llama")
        .key("split.no", says)
        .key("split.count", 3)
        .key("split.tensors.count", tensors)
        .tensor("t" + std::to_string(number), 24, {100}, 100);
    std::ofstream(path(number), std::ios::binary) << file.bytes();
  }
  ModelFault wrong(std::uint32_t first = 1) const {
    const auto model = read_model(path(first));
    REQUIRE_FALSE(model.has_value());
    return model.error();
  }
  const std::string& folder() const { return folder_.path(); }

 private:
  Folder folder_;
};

bool has(const std::string& text, const char* part) { return text.find(part) != std::string::npos; }

}  // namespace

TEST_CASE("a shard's name tells its number and its fellows") {
  const auto name = parse_shard_name("/models/big-00002-of-00012.gguf");
  REQUIRE(name.has_value());
  CHECK(name->prefix == "/models/big");
  CHECK(name->number == 2);
  CHECK(name->count == 12);
  CHECK(shard_path(*name, 11) == "/models/big-00011-of-00012.gguf");
  for (const char* other :
       {"-00001-of-00002.gguf", "a.gguf", "a-0001-of-00002.gguf", "a-00003-of-00002.gguf",
        "a-00000-of-00002.gguf", "a-00001-of-00002.bin", "a-+0001-of-00002.gguf", ""}) {
    CHECK_FALSE(parse_shard_name(other).has_value());
  }
}

TEST_CASE("a model in several files is read as one") {
  const Shards shards;
  const auto model = read_model(shards.path(1));
  REQUIRE(model.has_value());
  CHECK(model->files.size() == 3);
  CHECK(model->tensors == 3);
  CHECK(model->tensor_bytes == 300);
}

TEST_CASE("a shard that is missing, cut or of another model is named") {
  SUBCASE("missing") {
    const Shards shards;
    std::filesystem::remove(shards.path(2));
    CHECK(shards.wrong().file == shards.path(2));
    CHECK(shards.wrong().fault.kind == Kind::kMissing);
  }
  SUBCASE("cut") {
    const Shards shards;
    std::filesystem::resize_file(shards.path(3), std::filesystem::file_size(shards.path(3)) - 1);
    CHECK(shards.wrong().file == shards.path(3));
    CHECK(shards.wrong().fault.kind == Kind::kCutShort);
  }
  SUBCASE("another number") {
    const Shards shards;
    shards.write(2, 2);
    CHECK(shards.wrong().file == shards.path(2));
    CHECK(has(shards.wrong().fault.words, "not part 2"));
  }
  SUBCASE("another count of tensors") {
    const Shards shards;
    shards.write(1, 0, 4);
    CHECK(has(shards.wrong().fault.words, "3 of 4 tensors"));
  }
}

TEST_CASE("a model is named by its first file, with the name that it was given") {
  const Shards shards;
  CHECK(has(shards.wrong(2).fault.words, "part 2 of a model in 3 files"));
  const std::string renamed = shards.folder() + "/renamed.gguf";
  std::filesystem::copy_file(shards.path(1), renamed);
  const auto model = read_model(renamed);
  REQUIRE_FALSE(model.has_value());
  CHECK(has(model.error().fault.words, "must end in -00001-of-00003.gguf"));
}
