// Reading config files from a folder of the test's own.
#include <doctest/doctest.h>
#include <stdlib.h>
#include <unistd.h>  // mkdtemp on macOS

#include <filesystem>
#include <fstream>

#include "config/test_config.h"

using namespace corral;
using namespace corral::config;

namespace {

class Folder {
 public:
  Folder() {
    std::string name = (std::filesystem::temp_directory_path() / "corral-XXXXXX").string();
    REQUIRE(::mkdtemp(name.data()) != nullptr);
    path_ = name;
  }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;
  ~Folder() { std::filesystem::remove_all(path_); }

  std::string file(const std::string& text) const {
    const std::string name = path_ + "/c.yaml";
    std::ofstream(name, std::ios::binary) << text;
    return name;
  }
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

Error load_error(const std::string& path) {
  const Result<Config> result = load(path, test_variable);
  REQUIRE_FALSE(result.has_value());
  return result.error();
}

}  // namespace

TEST_CASE("a config is read from its file and models are found beside it") {
  const Folder folder;
  const Result<Config> config = load(folder.file("models: {m: {gguf: a.gguf}}"), test_variable);
  REQUIRE(config.has_value());
  CHECK(config->file == folder.path() + "/c.yaml");
  CHECK(config->models[0].gguf == folder.path() + "/a.gguf");
}

TEST_CASE("a file that is missing, a folder or too large is refused with its name") {
  const Folder folder;
  const Error missing = load_error(folder.path() + "/none.yaml");
  CHECK(missing.code == Code::kNotFound);
  CHECK(missing.message ==
        folder.path() + "/none.yaml: there is no such config file; write one, or name another one");
  CHECK(load_error(folder.file("") + "/x").code == Code::kNotFound);
  CHECK(load_error(folder.path()).code == Code::kInvalid);
  CHECK(load_error(folder.path()).message.find("this is a folder") != std::string::npos);
  CHECK(load_error(folder.file(std::string(16 * 1024 * 1024 + 1, '#'))).code == Code::kLimit);
}

TEST_CASE("a file that cannot be read is told apart from a missing one") {
  const Folder folder;
  std::filesystem::create_symlink(folder.path() + "/loop", folder.path() + "/loop");
  CHECK(load_error(folder.path() + "/loop").code == Code::kIo);
}

TEST_CASE("a file that is not UTF-8 is refused at the byte") {
  const Folder folder;
  const std::string name = folder.file("a: 1\nb: \xFF\n");
  CHECK(load_error(name).message ==
        name + ":2:4: this byte is not UTF-8; save the file with UTF-8 encoding");
}
