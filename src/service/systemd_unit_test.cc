#include "service/systemd_unit.h"

#include <doctest/doctest.h>

#include "service/test_definition.h"

using namespace corral;
using namespace corral::service;

TEST_CASE("a unit of plain words needs no quotes") {
  const Result<std::string> unit = systemd_unit(sample());
  REQUIRE(unit.has_value());
  for (const char* line :
       {"\nType=notify\n",
        "\nExecStart=/opt/corral/bin/corral serve --config /home/ada/config.yaml --listen "
        "127.0.0.1:45786\n",
        "\nEnvironment=PATH=/opt/corral/bin:/usr/bin\n", "\nWorkingDirectory=/home/ada\n",
        "\nDelegate=memory\n", "\nTimeoutStopSec=90\n", "\nWantedBy=default.target\n"}) {
    CAPTURE(line);
    CHECK(unit->find(line) != std::string::npos);
  }
}

TEST_CASE("a word is quoted by systemd's rules") {
  struct Row {
    const char* text;
    const char* word;
  };
  const Row rows[] = {
      {"", R"("")"},
      {"a b", R"("a b")"},
      {"plain/1:2,3=4@5+6~7", "plain/1:2,3=4@5+6~7"},
      {"a\"b", R"("a\"b")"},
      {"it's", R"("it's")"},
      {"a\\", R"("a\\")"},
      {"50%", R"("50%%")"},
      {"$HOME", R"("$$HOME")"},
      {"${A}", R"("$${A}")"},
      {";", R"(";")"},
      {"a\nb\tc", R"("a\nb\tc")"},
      {"\x01\r\x7f", R"("\x01\x0d\x7f")"},
      {"gr\u00fc\u00df", "\"gr\u00fc\u00df\""},
  };
  for (const Row& row : rows) CHECK(exec_word(row.text) == row.word);
}

TEST_CASE("every hostile value can be an argument, on one line") {
  for (const std::string& value : hostile_values()) {
    Definition definition = sample();
    definition.arguments = {value};
    const Result<std::string> unit = systemd_unit(definition);
    REQUIRE(unit.has_value());
    CHECK(unit->find("corral " + exec_word(value) + "\nEnvironment=") != std::string::npos);
  }
}

TEST_CASE("a folder may have odd characters, but none that its line cannot hold") {
  Definition definition = sample();
  definition.folder = "/a b/50%/\"$x'/\\n";
  const Result<std::string> unit = systemd_unit(definition);
  REQUIRE(unit.has_value());
  CHECK(unit->find("\nWorkingDirectory=/a b/50%%/\"$x'/\\n\n") != std::string::npos);
}

TEST_CASE("what systemd would read otherwise is refused") {
  struct Row {
    std::string Definition::* member;
    std::string value;
  };
  const Row rows[] = {
      {&Definition::folder, "/a\nExecStart=/evil"},
      {&Definition::folder, "/a "},
      {&Definition::folder, "/a\\"},
      {&Definition::folder, "/a\t"},
      {&Definition::folder, std::string(5000, '/')},
      {&Definition::program, "/it's"},
      {&Definition::program, "/a\"b"},
      {&Definition::program, "/a\\b"},
      {&Definition::program, "/a\nb"},
      {&Definition::path, "/a\x1b"},
      {&Definition::path, "/\xff"},
  };
  for (const Row& row : rows) {
    CAPTURE(row.value);
    Definition definition = sample();
    definition.*row.member = row.value;
    const Result<std::string> unit = systemd_unit(definition);
    REQUIRE_FALSE(unit.has_value());
    CHECK(unit.error().code == Code::kInvalid);
  }
  Definition definition = sample();
  definition.arguments.emplace_back(std::string(2 * 1024 * 1024, 'x'));
  CHECK_FALSE(systemd_unit(definition).has_value());
}
