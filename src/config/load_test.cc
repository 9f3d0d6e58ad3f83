// Reading config files from a folder of the test's own.
#include "base/test_folder.h"
#include "config/test_config.h"

using namespace corral;
using namespace corral::config;

namespace {

Error load_error(const std::string& path) {
  const Reading reading = load(path, test_variable);
  REQUIRE_FALSE(reading.config.has_value());
  REQUIRE(reading.errors.size() == 1);
  return reading.errors[0];
}

}  // namespace

TEST_CASE("a config is read from its file and models are found beside it") {
  const Folder folder;
  const Reading reading = load(folder.file("models: {m: {gguf: a.gguf}}"), test_variable);
  REQUIRE(reading.config.has_value());
  CHECK(reading.config->file == folder.path() + "/c.yaml");
  CHECK(reading.config->models[0].gguf == folder.path() + "/a.gguf");
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
