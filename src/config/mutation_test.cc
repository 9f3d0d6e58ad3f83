// Configs broken at random: whatever the bytes, there is a config or a message with a place.
#include <doctest/doctest.h>

#include <random>

#include "config/test_config.h"

using namespace corral;
using namespace corral::config;

namespace {

constexpr std::string_view kSample = R"(# a sample with every feature
healthCheckTimeout: 60
startPort: 9000
logLevel: debug
globalTTL: 5
macros:
  bin: /opt/${env.DIR}/server
  ctx: 0x1000
  run: "${bin} --port ${PORT} -c ${ctx}"
base: &base {ttl: 60, env: [A=1, "B=two words"]}
groups: {g: {members: [a]}}
models:
  "a:7b":
    <<: *base
    cmd: |
      ${run} \
      # a comment with ${nothing}
      --alias '${MODEL_ID}'
    aliases: [gpt-4, "x y"]
    macros: {ctx: 2048}
    unlisted: yes
  b: {gguf: ~/m/b.gguf, args: ["-c", 4096], ttl: -1, checkEndpoint: none}
  c: {cmd: python -m srv, proxy: "http://[::1]:81/v2/", name: "\u00e9", description: é}
)";

constexpr std::string_view kPieces[] = {
    "${", "}", "${PORT}", "${env.", ": ", "\n  ", "- ", "'",      "\"", "*base", "&base", "<<: ",
    "[",  "]", "{",       "#",      "\\", "~",    "\t", "!!str ", "|",  "\r\n",  "\xC3"};

bool begins_with_place(std::string_view message) {
  constexpr std::string_view kFile = "conf/c.yaml:";
  if (!message.starts_with(kFile)) return false;
  message.remove_prefix(kFile.size());
  for (int number = 0; number < 2; ++number) {
    const std::size_t digits = message.find_first_not_of("0123456789");
    if (digits == 0 || digits == std::string_view::npos || message[0] == '0') return false;
    if (message[digits] != ':') return false;
    message.remove_prefix(digits + 1);
  }
  return message.starts_with(' ') && message.size() > 10;
}

void mutate(std::string& text, std::mt19937& random) {
  const auto below = [&](std::size_t limit) { return static_cast<std::size_t>(random()) % limit; };
  const std::size_t place = below(text.size());
  const std::size_t length = 1 + below(20);
  switch (below(5)) {
    case 0: text[place] = static_cast<char>(text[place] ^ (1 << below(8))); break;
    case 1: text[place] = static_cast<char>(0x20 + below(0x5F)); break;
    case 2: text.erase(place, length); break;
    case 3: text.insert(place, kPieces[below(std::size(kPieces))]); break;
    default: text.insert(below(text.size()), text.substr(place, length)); break;
  }
  if (text.empty()) text = "a";
}

}  // namespace

TEST_CASE("a broken config gives a config or a message with its place, never a crash") {
  REQUIRE(parsed(kSample).models.size() == 3);
  std::mt19937 random(20240607);
  int accepted = 0;
  for (int round = 0; round < 10000; ++round) {
    std::string text(kSample);
    for (std::size_t left = 1 + random() % 6; left > 0; --left) mutate(text, random);
    const Result<Config> result = parse(text, "conf/c.yaml", test_variable);
    if (result.has_value()) {
      ++accepted;
      for (const std::string& warning : result->warnings) REQUIRE(begins_with_place(warning));
      continue;
    }
    CAPTURE(text);
    CAPTURE(result.error().message);
    REQUIRE(begins_with_place(result.error().message));
  }
  // The mutations are neither harmless nor always fatal.
  CHECK(accepted > 500);
  CHECK(accepted < 9500);
}
