#include "cli/options.h"

#include <doctest/doctest.h>

#include <vector>

using namespace corral;
using namespace corral::cli;

namespace {

std::variant<Options, int> parse(std::vector<std::string> words) {
  words.insert(words.begin(), "corral");
  std::vector<char*> argv;
  for (std::string& word : words) argv.push_back(word.data());
  return parse_options(static_cast<int>(argv.size()), argv.data());
}

Options options_of(std::vector<std::string> words) {
  const std::variant<Options, int> parsed = parse(std::move(words));
  REQUIRE(std::holds_alternative<Options>(parsed));
  return std::get<Options>(parsed);
}

}  // namespace

TEST_CASE("set and reset take words behind the model") {
  const Options set = options_of({"set", "m", "ctx=1", "lora=[\"a\",\"b\"]", "--restart"});
  CHECK(set.command == Command::kSet);
  CHECK(set.model == "m");
  CHECK(set.words == std::vector<std::string>{"ctx=1", "lora=[\"a\",\"b\"]"});
  CHECK(set.restart);
  CHECK(options_of({"set", "m"}).words.empty());
  CHECK(options_of({"reset", "m", "ctx", "batch"}).words.size() == 2);
  CHECK(std::get<int>(parse({"set", "m", "--nope"})) == 2);
  CHECK(std::get<int>(parse({"reset"})) != 0);
}

TEST_CASE("a listen address may leave out what is usual") {
  struct Row {
    const char* text;
    const char* host;
    std::uint16_t port;
  };
  const Row rows[] = {
      {"127.0.0.1:8080", "127.0.0.1", 8080},
      {":0", "127.0.0.1", 0},
      {"8080", "127.0.0.1", 8080},
      {"10.0.0.1", "10.0.0.1", 45786},
      {"localhost:9", "127.0.0.1", 9},
      {"[::1]:7", "::1", 7},
      {"[::1]", "::1", 45786},
  };
  for (const Row& row : rows) {
    CAPTURE(row.text);
    const Result<ListenAddress> address = parse_listen(row.text);
    REQUIRE(address.has_value());
    CHECK(address->host == row.host);
    CHECK(address->port == row.port);
  }
  for (const char* text : {"127.0.0.1:x", ":65536", "[::1:7", "99999"}) {
    CAPTURE(text);
    CHECK_FALSE(parse_listen(text).has_value());
  }
}

TEST_CASE("each command takes its own arguments") {
  CHECK(options_of({"serve", "-c", "x.yaml"}).config == "x.yaml");
  CHECK(options_of({"logs", "-f", "m"}).follow);
  CHECK(options_of({"unload"}).model.empty());
  CHECK(options_of({"top", "--once"}).once);
  CHECK_FALSE(options_of({"top"}).once);
  CHECK(options_of({"config", "check", "f"}).command == Command::kConfigCheck);
  CHECK(options_of({"ps", "--url", "http://h:1"}).url == "http://h:1");
}

TEST_CASE("the commands of an installed service stand behind one word") {
  const Options install =
      options_of({"service", "install", "-c", "x", "-l", ":0", "--print", "--manager", "launchd"});
  CHECK(install.command == Command::kServiceInstall);
  CHECK(install.config == "x");
  CHECK(install.listen_text == ":0");
  CHECK(install.print);
  CHECK(install.manager == "launchd");
  CHECK(options_of({"service", "install"}).listen_text.empty());
  CHECK(options_of({"service", "status", "--json"}).command == Command::kServiceStatus);
  CHECK(options_of({"service", "logs", "-f"}).follow);
  CHECK(options_of({"status"}).command == Command::kStatus);
  CHECK(std::get<int>(parse({"service"})) == 2);
  CHECK(std::get<int>(parse({"service", "start", "--manager", "upstart"})) == 2);
  CHECK(std::get<int>(parse({"service", "start", "it"})) == 2);
}

TEST_CASE("the words of a prompt need no quotes") {
  CHECK(options_of({"run", "m"}).prompt == std::nullopt);
  CHECK(options_of({"run", "m", "a prompt"}).prompt == "a prompt");
  CHECK(options_of({"run", "m", "what", "is", "a  b?"}).prompt == "what is a  b?");
  CHECK(options_of({"run", "m", "--", "--help", "is what?"}).prompt == "--help is what?");
  for (const char* text : {"%%", "{}", "[a,b]", "a,b", "'q'", "-1"}) {
    CHECK(options_of({"run", "m", "--", text, "x"}).prompt == std::string(text) + " x");
    CHECK(options_of({"run", "m", "--", text}).prompt == text);
  }
  CHECK(options_of({"run", "m", "a", "-", "ps", "--", "--url"}).prompt == "a - ps --url");
  CHECK(std::get<int>(parse({"run", "m", "a", "--nope", "b"})) == 2);
  const Options options = options_of({"run", "m", "a", "--url", "http://h:1", "b"});
  CHECK(options.prompt == "a b");
  CHECK(options.url == "http://h:1");
}

TEST_CASE("the version has two spellings, and help is no error") {
  CHECK(options_of({"--version"}).command == Command::kVersion);
  CHECK(options_of({"-v"}).command == Command::kVersion);
  for (const std::vector<std::string>& words : std::vector<std::vector<std::string>>{
           {"help"}, {"help", "run"}, {"help", "config", "check"}, {"serve", "--help"}}) {
    CHECK(std::get<int>(parse(words)) == 0);
  }
}

TEST_CASE("a wrong command line ends with status 2") {
  for (const std::vector<std::string>& words :
       std::vector<std::vector<std::string>>{{},
                                             {"srve"},
                                             {"run"},
                                             {"load"},
                                             {"config"},
                                             {"help", "srve"},
                                             {"ps", "extra"},
                                             {"--port", "80"},
                                             {"run", "m", ""},
                                             {"run", "m", " ", ""},
                                             {"serve", "--listen", "a:b:c"}}) {
    const std::variant<Options, int> parsed = parse(words);
    REQUIRE(std::holds_alternative<int>(parsed));
    CHECK(std::get<int>(parsed) == 2);
  }
}
