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
  SpillBudget budget;
  SpillFile file(budget);
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
  SpillBudget budget;
  SpillFile file(budget);
  const Result<void> appended = file.append("x");
  ::unsetenv("TMPDIR");
  REQUIRE_FALSE(appended.has_value());
  CHECK(appended.error().message.find("/nonexistent-folder") != std::string::npos);
}

TEST_CASE("files share what room there is, and give it back") {
  const TemporaryFolder folder;
  SpillBudget budget{.left = 10};
  SpillFile second(budget);
  {
    SpillFile first(budget);
    CHECK(first.append("12345678").has_value());
    const Result<void> refused = second.append("123");
    REQUIRE_FALSE(refused.has_value());
    CHECK(refused.error().code == Code::kUnavailable);
    CHECK(second.append("12").has_value());
  }
  CHECK(second.append("12345678").has_value());
}
