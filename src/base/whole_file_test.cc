#include "base/whole_file.h"

#include <doctest/doctest.h>
#include <sys/stat.h>

#include <filesystem>

#include "base/test_folder.h"

using namespace corral;

TEST_CASE("a file is replaced as a whole and is its owner's alone") {
  const Folder folder;
  const std::string path = folder.path() + "/f";
  REQUIRE(replace_file(path, "one").has_value());
  REQUIRE(replace_file(path, std::string(100'000, 'x')).has_value());
  CHECK(read_file(path, 100'000) == std::string(100'000, 'x'));
  CHECK((std::filesystem::status(path).permissions() & std::filesystem::perms::all) ==
        (std::filesystem::perms::owner_read | std::filesystem::perms::owner_write));
  CHECK_FALSE(std::filesystem::exists(path + ".tmp"));
}

TEST_CASE("what cannot be replaced stays, and leaves nothing behind") {
  const Folder folder;
  const std::string path = folder.path() + "/folder";
  std::filesystem::create_directory(path);
  const Result<void> refused = replace_file(path, "text");
  REQUIRE_FALSE(refused.has_value());
  CHECK(refused.error().code == Code::kIo);
  CHECK(std::filesystem::is_directory(path));
  CHECK_FALSE(std::filesystem::exists(path + ".tmp"));
  CHECK_FALSE(replace_file(folder.path() + "/none/f", "text").has_value());
}

TEST_CASE("reading tells a missing file from one that is too large, and waits for no fifo") {
  const Folder folder;
  CHECK(read_file(folder.path() + "/none", 10).error().code == Code::kNotFound);
  CHECK(read_file(folder.file("12345", "f"), 5) == "12345");
  CHECK(read_file(folder.file("123456", "f"), 5).error().code == Code::kLimit);
  CHECK(read_file(folder.path(), 5).error().code == Code::kIo);
  REQUIRE(::mkfifo((folder.path() + "/fifo").c_str(), 0600) == 0);
  CHECK(read_file(folder.path() + "/fifo", 5) == "");
}
