#include "cli/unexpected.h"

#include <doctest/doctest.h>

using namespace corral::cli;

TEST_CASE("what a command does not take is named in its order, with what was probably meant") {
  using Words = std::vector<std::string>;
  struct Row {
    const char* command;
    Words words;
    const char* sentence;
  };
  const Words options = {"--help", "-h", "--config", "-c", "--listen", "-l"};
  const Row rows[] = {
      {"serve",
       {"config.yaml"},
       "serve does not take 'config.yaml'; did you mean --config config.yaml?"},
      {"serve",
       {"--port", "80"},
       "serve does not take '--port' '80'; did you mean --listen 127.0.0.1:80?"},
      {"serve",
       {"--port=80"},
       "serve does not take '--port=80'; did you mean --listen 127.0.0.1:80?"},
      {"serve", {"--port"}, "serve does not take '--port'; did you mean --listen 127.0.0.1:PORT?"},
      {"serve",
       {"--host", "0.0.0.0"},
       "serve does not take '--host' '0.0.0.0'; did you mean --listen 0.0.0.0:45786?"},
      {"serve", {"--cofnig=x"}, "serve does not take '--cofnig=x'; did you mean --config?"},
      {"serve", {"b", "a"}, "serve does not take 'b' 'a'; corral serve --help lists what it takes"},
      {"", {"-x"}, "corral does not take '-x'; corral --help lists what it takes"},
      {"run", {"-5"}, "run does not take '-5'; put -- before a prompt that begins with a dash"},
  };
  for (const Row& row : rows)
    CHECK(about_unexpected(row.command, row.words, options) == row.sentence);
  CHECK(about_unexpected("config", {"chekc"}, {"check", "--help"}) ==
        "config does not take 'chekc'; did you mean check?");
}
