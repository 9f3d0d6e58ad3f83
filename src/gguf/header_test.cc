#include "gguf/header.h"

#include <doctest/doctest.h>
#include <sys/stat.h>

#include <algorithm>
#include <filesystem>
#include <fstream>

#include "base/test_folder.h"
#include "gguf/test_file.h"

using namespace corral::gguf;
using corral::Folder;

namespace {

using Kind = Fault::Kind;

Read<Header> read(const std::string& bytes) { return read_header(source_of(bytes)); }

// The kind of what is wrong with it. Fails the test if nothing is.
Kind kind_of(const std::string& bytes) {
  const Read<Header> header = read(bytes);
  REQUIRE_FALSE(header.has_value());
  CHECK_FALSE(header.error().words.empty());
  return header.error().kind;
}

std::string words_of(const std::string& bytes) {
  const Read<Header> header = read(bytes);
  REQUIRE_FALSE(header.has_value());
  return header.error().words;
}

bool has(const std::string& text, const char* part) { return text.find(part) != std::string::npos; }

}  // namespace

TEST_CASE("a header gives what was written into it") {
  for (const std::uint32_t version : {2U, 3U}) {
    TestFile file = small_model();
    file.version = version;
    const Read<Header> header = read(file.bytes());
    REQUIRE(header.has_value());
    CHECK(header->version == version);
    CHECK(header->whole());
    CHECK(header->missing() == 0);
    CHECK(header->data_end == header->file_size);
    CHECK(header->tensor_bytes() == 1216);
    const Metadata& metadata = header->metadata;
    CHECK(metadata.architecture == "llama");
    CHECK(metadata.block_count == 2);
    CHECK(metadata.context_length == 1024);
    CHECK(metadata.embedding_length == 128);
    CHECK(metadata.head_count == std::vector<std::uint64_t>{4});
    CHECK(metadata.head_count_kv == std::vector<std::uint64_t>{2});
    CHECK(metadata.vocabulary == 3);
    CHECK(metadata.tokenizer);
    CHECK(metadata.causal);
    CHECK_FALSE(metadata.sliding_window);
    REQUIRE(header->tensors.size() == 2);
    CHECK(header->tensors[0].name == "token_embd.weight");
    CHECK(header->tensors[0].type->name == "q8_0");
    CHECK(header->tensors[0].begin == header->data_begin);
    CHECK(header->tensors[1].begin == header->data_begin + 224);
    CHECK(header->tensors[1].size == 1012);
  }
}

TEST_CASE("numbers of a layer each come as a list, whatever their type") {
  TestFile file;
  file.list("jamba.attention.head_count_kv", {0, 8, 0})
      .key("general.architecture", "jamba")
      .raw_key("jamba.block_count", TestFile::number(10, 4) + TestFile::number(3, 8))
      .raw_key("jamba.attention.causal", TestFile::number(7, 4) + TestFile::number(0, 1))
      .raw_key("jamba.context_length", TestFile::number(5, 4) + TestFile::number(0xffffffff, 4))
      .raw_key("jamba.embedding_length", TestFile::number(6, 4) + TestFile::number(0, 4));
  const Read<Header> header = read(file.bytes());
  REQUIRE(header.has_value());
  CHECK(header->metadata.head_count_kv == std::vector<std::uint64_t>{0, 8, 0});
  CHECK(header->metadata.block_count == 3);
  CHECK_FALSE(header->metadata.causal);
  CHECK_FALSE(header->metadata.context_length);    // -1
  CHECK_FALSE(header->metadata.embedding_length);  // a float
}

TEST_CASE("a file that ends anywhere is cut short, and what is missing is known") {
  const std::string whole = small_model().bytes();
  const std::size_t data = small_model().header().size();
  for (std::size_t size = 0; size < whole.size(); ++size) {
    const Read<Header> header = read(whole.substr(0, size));
    if (header.has_value()) {
      CHECK(size >= data - 31);
      CHECK_FALSE(header->whole());
      CHECK(header->missing() == whole.size() - size);
    } else {
      CHECK(size < data);
      CHECK(header.error().kind == Kind::kCutShort);
    }
  }
}

TEST_CASE("what is no GGUF, or none that is read, is told apart") {
  CHECK(kind_of("PK\3\4 and more") == Kind::kNoGguf);
  CHECK(kind_of("<html>") == Kind::kNoGguf);
  CHECK(kind_of("G") == Kind::kCutShort);
  CHECK(kind_of("") == Kind::kCutShort);
  const auto with_version = [](std::uint32_t version) {
    TestFile file = small_model();
    file.version = version;
    return file.bytes();
  };
  CHECK(kind_of(with_version(1)) == Kind::kUnsupported);
  CHECK(kind_of(with_version(4)) == Kind::kUnsupported);
  CHECK(kind_of(with_version(0x03000000)) == Kind::kUnsupported);
  CHECK(has(words_of(with_version(1)), "version 1"));
  CHECK(has(words_of(with_version(4)), "newer than 3"));
  CHECK(has(words_of(with_version(0x03000000)), "big-endian"));
}

TEST_CASE("a header that contradicts itself is damaged") {
  const auto number = TestFile::number;
  const auto with = [&](const char* name, const std::string& bytes) {
    return TestFile().raw_key(name, bytes).bytes();
  };
  CHECK(has(words_of(TestFile().key("a", 1).key("a", 2).bytes()), "twice"));
  CHECK(has(words_of(TestFile().key("", 1).bytes()), "no name"));
  CHECK(kind_of(with("a", number(13, 4))) == Kind::kBroken);
  CHECK(kind_of(with("a", number(9, 4) + number(13, 4) + number(1, 8))) == Kind::kBroken);
  CHECK(kind_of(with("a", number(9, 4) + number(9, 4) + number(1, 8))) == Kind::kUnsupported);
  CHECK(kind_of(with("a", number(9, 4) + number(4, 4) + number(UINT64_MAX, 8))) == Kind::kCutShort);
  CHECK(kind_of(with("a", number(9, 4) + number(8, 4) + number(UINT64_MAX, 8))) == Kind::kBroken);
  CHECK(kind_of(with("a", number(8, 4) + number(UINT64_MAX, 8))) == Kind::kBroken);
  for (const std::uint32_t alignment : {0U, 33U}) {
    CHECK(kind_of(TestFile().key("general.alignment", alignment).bytes()) == Kind::kBroken);
  }
  CHECK(kind_of(TestFile().key("general.alignment", "32").bytes()) == Kind::kBroken);
  CHECK(kind_of("GGUF" + number(3, 4) + number(UINT64_MAX, 8) + number(0, 8)) == Kind::kBroken);
  CHECK(kind_of("GGUF" + number(3, 4) + number(0, 8) + number(UINT64_MAX, 8)) == Kind::kBroken);
}

TEST_CASE("a tensor that cannot be is damaged, one of an unknown type unsupported") {
  const auto of = [](std::uint32_t type, const std::vector<std::uint64_t>& shape) {
    return TestFile().tensor("t", type, shape, 0).bytes();
  };
  CHECK(kind_of(of(99, {1})) == Kind::kUnsupported);
  CHECK(kind_of(of(4, {32})) == Kind::kUnsupported);  // q4_2 is gone
  CHECK(kind_of(of(8, {33})) == Kind::kBroken);       // blocks of 32
  CHECK(kind_of(of(0, {1, 1, 1, 1, 1})) == Kind::kBroken);
  CHECK(kind_of(of(0, {UINT64_MAX})) == Kind::kBroken);
  CHECK(kind_of(of(0, {1ULL << 32, 1ULL << 32})) == Kind::kBroken);
  CHECK(kind_of(of(0, {1ULL << 61})) == Kind::kBroken);  // bytes
  const std::string gap =
      TestFile().tensor("a", 0, {1}, 64).tensor("b", 0, {1}, 4).bytes();  // says 4 bytes, takes 64
  CHECK(has(words_of(gap), "begins at 64 and not at 32"));
  CHECK(has(words_of(TestFile().tensor("a", 0, {1}, 4).tensor("a", 0, {1}, 4).bytes()), "twice"));
  CHECK(read(of(0, {0})).has_value());  // no values at all
}

TEST_CASE("tensors are where general.alignment puts them") {
  TestFile file;
  file.alignment = 128;
  file.key("general.alignment", 128).tensor("a", 24, {5}, 5).tensor("b", 24, {7}, 7);
  const Read<Header> header = read(file.bytes());
  REQUIRE(header.has_value());
  CHECK(header->data_begin % 128 == 0);
  CHECK(header->tensors[1].begin == header->data_begin + 128);
  CHECK(header->whole());
  CHECK(header->data_end == header->data_begin + 135);
}

TEST_CASE("a file is read only if it is a regular one, and nothing waits") {
  const Folder folder;
  CHECK(read_whole(folder.path() + "/none").error().kind == Kind::kMissing);
  CHECK(read_whole(folder.path() + "/").error().kind == Kind::kUnreadable);
  CHECK(has(read_whole(folder.path() + "/").error().words, "folder"));
  REQUIRE(::mkfifo((folder.path() + "/fifo").c_str(), 0600) == 0);
  CHECK(read_whole(folder.path() + "/fifo").error().kind == Kind::kUnreadable);
  CHECK(read_whole("/dev/zero").error().kind == Kind::kUnreadable);
  const std::string whole = small_model().bytes();
  CHECK(read_whole(folder.file(whole, "whole")).has_value());
  const Read<Header> cut = read_whole(folder.file(whole.substr(0, whole.size() - 10), "cut"));
  REQUIRE_FALSE(cut.has_value());
  CHECK(cut.error().kind == Kind::kCutShort);
  CHECK(has(cut.error().words, "the last 10 are missing"));
}

TEST_CASE("a file that changes while it is read is no file to judge") {
  const Folder folder;
  const std::string bytes = small_model().bytes();
  const std::string path = folder.file(bytes, "m");
  const auto changed_by = [&](auto change) {
    folder.file(bytes, "m");
    const Read<File> file = File::open(path);
    REQUIRE(file.has_value());
    REQUIRE(file->unchanged().has_value());
    change();
    const Read<void> same = file->unchanged();
    REQUIRE_FALSE(same.has_value());
    CHECK(same.error().kind == Kind::kChanged);
    return same.error().words;
  };
  CHECK(has(changed_by([&] { std::ofstream(path, std::ios::app) << "more"; }), "grew"));
  CHECK(
      has(changed_by([&] { std::filesystem::rename(folder.file(bytes, "n"), path); }), "replaced"));
  CHECK(has(changed_by([&] { std::filesystem::remove(path); }), "removed"));
  changed_by([&] { std::filesystem::resize_file(path, 10); });

  folder.file(bytes, "m");
  const Read<File> file = File::open(path);
  REQUIRE(file.has_value());
  std::filesystem::resize_file(path, 10);
  const Read<Header> header = read_header(file->source());
  REQUIRE_FALSE(header.has_value());
  CHECK(header.error().kind == Kind::kChanged);
}

TEST_CASE("real models are whole, and half of one is not") {
  const Folder folder;
  const std::string tiny = CORRAL_TEST_DATA "/models/tiny-chat-1m-q8_0.gguf";
  const Read<Header> header = read_whole(tiny);
  REQUIRE(header.has_value());
  CHECK(header->metadata.architecture == "llama");
  CHECK(header->metadata.tokenizer);
  CHECK(header->metadata.vocabulary == 512);
  CHECK(header->tensors.size() == 39);
  const std::uint64_t size = std::filesystem::file_size(tiny);
  CHECK(header->data_end <= size);
  CHECK(size - header->data_end < header->alignment);
  const std::string half = folder.path() + "/half";
  std::filesystem::copy_file(tiny, half);
  std::filesystem::resize_file(half, size / 2);
  CHECK(read_whole(half).error().kind == Kind::kCutShort);

  const char* smollm2 = std::getenv("CORRAL_SMOLLM2");
  if (smollm2 == nullptr) return;
  const Read<Header> real = read_whole(smollm2);
  REQUIRE(real.has_value());
  CHECK(real->metadata.block_count == 30);
  CHECK(real->metadata.context_length == 8192);
  CHECK(real->metadata.head_count_kv == std::vector<std::uint64_t>{3});
  CHECK(real->metadata.vocabulary == 49152);
  CHECK(std::filesystem::file_size(smollm2) - real->data_end < real->alignment);
}
