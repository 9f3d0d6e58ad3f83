#include "config/probe.h"

#include <sys/stat.h>

#include "base/test_folder.h"
#include "config/test_config.h"

using namespace corral;
using namespace corral::config;

namespace {

// The warnings for models in that folder, without the folder's path.
std::string probed(const Folder& folder, const std::string& models) {
  const Environment environment = [&](std::string_view name) {
    return name == "PATH" ? std::optional(folder.path() + "/none:" + folder.path() + "/bin")
                          : std::nullopt;
  };
  const Reading reading = examine("models:\n" + models, folder.path() + "/c.yaml", environment);
  REQUIRE(reading.config.has_value());
  std::string text;
  for (const std::string& warning : probe(*reading.config, environment)) text += warning + "\n";
  const std::string prefix = folder.path() + "/";
  for (std::size_t at = text.find(prefix); at != std::string::npos; at = text.find(prefix))
    text.erase(at, prefix.size());
  return text;
}

}  // namespace

TEST_CASE("a model file that is not there, or is a folder, is told at its place") {
  const Folder folder;
  folder.file("x", "there.gguf");
  CHECK(probed(folder, "  a: {gguf: there.gguf}\n") == "");
  CHECK(probed(folder, "  b: {gguf: none.gguf}\n  a: {gguf: .}\n") ==
        "c.yaml:2:13: model 'b': gguf: the file 'none.gguf' does not exist\n"
        "c.yaml:3:13: model 'a': gguf: the file '' is a folder; name a file in it\n");
}

TEST_CASE("a program that is not found is told at its place") {
  const Folder folder;
  std::filesystem::create_directory(folder.path() + "/bin");
  const std::string server = folder.file("#!/bin/sh\n", "bin/server");
  CHECK(probed(folder, "  a: {cmd: 'server ${PORT}'}\n") ==
        "c.yaml:2:12: model 'a': cmd: the program 'server' is in no folder of PATH; install it, or "
        "write its whole path\n");
  CHECK(probed(folder, "  a: {cmd: '" + server + " ${PORT}'}\n") ==
        "c.yaml:2:12: model 'a': cmd: the program 'bin/server' is not a file that can be run\n");
  REQUIRE(::chmod(server.c_str(), 0700) == 0);
  CHECK(probed(folder, "  a: {cmd: 'server ${PORT}'}\n") == "");
  CHECK(probed(folder, "  a: {cmd: '" + server + " ${PORT}'}\n") == "");
  CHECK(probed(folder, "  a: {cmd: 'server ${PORT}', env: ['PATH=/nowhere']}\n") != "");
  CHECK(probed(folder, "  a: {cmd: '~/bin/server ${PORT}'}\n").find("write the whole path") !=
        std::string::npos);
}

TEST_CASE("other files of a model are looked for too") {
  const Folder folder;
  const std::string gguf = folder.file("", "m.gguf");
  const Result<Config> config = parse(
      "models:\n  m:\n    gguf: " + gguf +
          "\n    draft: none.gguf\n    lora: [m.gguf, none.lora:2]\n    chatTemplate: n.jinja\n",
      folder.path() + "/c.yaml", test_variable);
  REQUIRE(config.has_value());
  const std::vector<std::string> warnings = probe(*config, test_variable);
  REQUIRE(warnings.size() == 3);
  CHECK(warnings[0].ends_with("c.yaml:4:5: model 'm': draft: the file '" + folder.path() +
                              "/none.gguf' does not exist"));
  CHECK(warnings[1].find(":5:5: model 'm': lora: ") != std::string::npos);
  CHECK(warnings[2].find(":6:5: model 'm': chatTemplate: ") != std::string::npos);
}
