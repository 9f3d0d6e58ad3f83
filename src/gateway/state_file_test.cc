#include "gateway/state_file.h"

#include <doctest/doctest.h>

#include <filesystem>
#include <fstream>
#include <iterator>

#include "base/test_folder.h"

using namespace corral;
using namespace corral::gateway;

namespace {

std::string contents(const std::string& path) {
  std::ifstream file(path);
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

}  // namespace

TEST_CASE("each config has a section of its own, which stays until it is replaced or dropped") {
  const Folder folder;
  const StateFile file(folder.path() + "/new/corral", "options.json");
  CHECK(file.read("/a.yaml").empty());
  REQUIRE(file.write("/a.yaml", R"({"x":1})").has_value());
  REQUIRE(file.write("/b.yaml", R"("two")").has_value());
  CHECK(file.read("/a.yaml") == R"({"x":1})");
  CHECK(file.read("/b.yaml") == R"("two")");
  REQUIRE(file.write("/a.yaml", "[]").has_value());
  CHECK(file.read("/a.yaml") == "[]");
  REQUIRE(file.write("/a.yaml", "").has_value());
  CHECK(file.read("/a.yaml").empty());
  CHECK(file.read("/b.yaml") == R"("two")");
  const auto entries = std::filesystem::directory_iterator(folder.path() + "/new/corral");
  CHECK(std::distance(begin(entries), end(entries)) == 1);
}

TEST_CASE("a file that cannot be understood is set aside, and a new one takes its place") {
  const std::string deep = "{\"version\":1,\"configs\":{\"a\":" + std::string(100000, '[') +
                           std::string(100000, ']') + "}}";
  for (const char* text : {"", "{", "[]", R"({"version":2,"configs":{}})", R"({"configs":{}})",
                           R"({"version":1,"configs":[]})", "\x01\xff", deep.c_str()}) {
    CAPTURE(std::string(text));
    const Folder folder;
    const std::string path = folder.path() + "/s.json";
    std::ofstream(path) << text;
    const StateFile file(folder.path(), "s.json");
    CHECK(file.read("/a.yaml").empty());
    CHECK_FALSE(std::filesystem::exists(path));
    CHECK(contents(path + ".broken") == text);
    REQUIRE(file.write("/a.yaml", "1").has_value());
    CHECK(file.read("/a.yaml") == "1");
  }
}

TEST_CASE("a folder that cannot be used is told, and one that is not named keeps nothing") {
  const Folder folder;
  std::ofstream(folder.path() + "/file") << "x";
  const Result<void> done = StateFile(folder.path() + "/file", "s.json").write("/a", "1");
  REQUIRE_FALSE(done.has_value());
  CHECK(done.error().code == Code::kIo);
  const StateFile none("", "s.json");
  CHECK(none.write("/a", "1").has_value());
  CHECK(none.read("/a").empty());
}
