#include "gateway/admin.h"

#include <doctest/doctest.h>

using namespace corral;
using namespace corral::gateway;

namespace {

config::Config config_of(std::string_view text) {
  Result<config::Config> config =
      config::parse(text, "c.yaml", [](std::string_view) { return std::optional<std::string>(); });
  REQUIRE(config.has_value());
  return std::move(*config);
}

}  // namespace

TEST_CASE("a model is found by its id and by its aliases") {
  const config::Config config =
      config_of("models:\n  b: {gguf: b.gguf, aliases: [x]}\n  a: {gguf: a.gguf}\n");
  CHECK(find_model(config, "a") == ModelIndex{0});
  CHECK(find_model(config, "x") == ModelIndex{1});
  CHECK_FALSE(find_model(config, "y").has_value());
}

TEST_CASE("an unknown model is answered with the nearest names, or with what there is") {
  const config::Config config = config_of(
      "models:\n  qwen-coder: {gguf: a}\n  llama-8b: {gguf: b}\n  hidden: {gguf: c, unlisted: "
      "true}\n");
  CHECK(unknown_model(config, "qwen-codr") ==
        "there is no model 'qwen-codr'; did you mean 'qwen-coder'?");
  CHECK(unknown_model(config, "zzz") ==
        "there is no model 'zzz'; there is 'llama-8b' or 'qwen-coder'");
  CHECK(unknown_model(config, std::string(5000, 'q')).size() < 300);
  CHECK(unknown_model(config_of("models: {}\n"), "m") ==
        "there is no model 'm'; there is none: the config names no models");
}
