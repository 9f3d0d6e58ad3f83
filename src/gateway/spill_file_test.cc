#include "gateway/spill_file.h"

#include <doctest/doctest.h>

#include <array>
#include <cstdlib>
#include <filesystem>
#include <string>

using namespace corral;
using namespace corral::gateway;

namespace {

// A TMPDIR of the test's own, put back at the end.
struct TemporaryFolder {
  std::filesystem::path path = std::filesystem::temp_directory_path() / "corral-spill-test";
  TemporaryFolder() {
    std::filesystem::create_directories(path);
    ::setenv("TMPDIR", path.c_str(), 1);
  }
  ~TemporaryFolder() {
    ::unsetenv("TMPDIR");
    std::filesystem::remove_all(path);
  }
};

}  // namespace

TEST_CASE("what is appended is read back, and the file has no name") {
  const TemporaryFolder folder;
  SpillFile file;
  CHECK(file.append("hello ").has_value());
  CHECK(file.append("world").has_value());
  CHECK(file.size() == 11);
  std::array<char, 64> buffer;
  const Result<std::size_t> count = file.read(4, buffer);
  REQUIRE(count.has_value());
  CHECK(std::string(buffer.data(), *count) == "o world");
  CHECK(std::filesystem::is_empty(folder.path));
}

TEST_CASE("a folder that takes no file is named") {
  ::setenv("TMPDIR", "/nonexistent-folder", 1);
  SpillFile file;
  const Result<void> appended = file.append("x");
  ::unsetenv("TMPDIR");
  REQUIRE_FALSE(appended.has_value());
  CHECK(appended.error().message.find("/nonexistent-folder") != std::string::npos);
}
