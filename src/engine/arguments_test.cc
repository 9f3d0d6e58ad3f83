#include "engine/arguments.h"

#include <doctest/doctest.h>

using namespace corral::engine;

TEST_CASE("of a flag that comes twice the last counts, before the environment") {
  const std::vector<std::string> words = {"-c", "1", "--ctx-size=2", "--swa-full", "-np"};
  const std::vector<std::string> environment = {"SIZE=7", "SIZES=8", "MODE=x"};
  const Arguments arguments(words, environment);
  CHECK(arguments.number({"-c", "--ctx-size"}, "SIZE") == 2);
  CHECK(arguments.number({"-c"}) == 1);
  CHECK(arguments.number({"--other"}, "SIZE") == 7);
  CHECK(arguments.value({"--other"}, "MODE") == "x");
  CHECK_FALSE(arguments.number({"--other"}, "MODE").has_value());
  CHECK_FALSE(arguments.value({"-np"}).has_value());  // its value is missing
  CHECK_FALSE(arguments.value({"--other"}).has_value());
}

TEST_CASE("switches and lists are found wherever they stand") {
  const std::vector<std::string> words = {"--kv-unified", "--lora",   "a.gguf,b.gguf",
                                          "-no-kvu",      "--lora=c", "tail"};
  const Arguments arguments(words, {});
  CHECK(arguments.last({"--kv-unified", "-no-kvu"}) == "-no-kvu");
  CHECK_FALSE(arguments.last({"--swa-full"}).has_value());
  CHECK(arguments.list({"--lora"}) == std::vector<std::string>{"a.gguf", "b.gguf", "c"});
}
