#include "config/yaml_tree.h"

#include <doctest/doctest.h>

using namespace corral;
using namespace corral::config;

namespace {

Node parse(std::string_view text) {
  const Result<Node> result = parse_yaml(text, "c.yaml");
  CAPTURE(text);
  REQUIRE(result.has_value());
  return *result;
}

std::string error_of(std::string_view text) {
  const Result<Node> result = parse_yaml(text, "c.yaml");
  return result.has_value() ? "accepted" : result.error().message;
}

}  // namespace

TEST_CASE("values keep their place and their order") {
  const Node root = parse("b: 1\na:\n  - x\n  - 'y'\n");
  REQUIRE(root.entries.size() == 2);
  CHECK(root.entries[0].key == "b");
  const Node* list = root.get("a");
  REQUIRE(list != nullptr);
  CHECK(list->items[1].text == "y");
  CHECK_FALSE(list->items[1].plain);
  CHECK(list->items[1].mark.line == 4);
  CHECK(list->items[1].mark.column == 5);
}

TEST_CASE("an alias is its anchor's value and a merged key yields to the mapping's own") {
  const Node root = parse("base: &b {x: 1, y: 2}\nuse:\n  <<: *b\n  y: 3\nlist: [*b]\n");
  CHECK(root.get("use")->get("x")->text == "1");
  CHECK(root.get("use")->get("y")->text == "3");
  CHECK(root.get("list")->items[0].get("y")->text == "2");
}

TEST_CASE("an empty file is an empty mapping") {
  for (const char* text : {"", "# only a comment\n", "---\n", "~\n"}) {
    CAPTURE(text);
    CHECK(parse(text).kind == Node::Kind::kMapping);
    CHECK(parse(text).entries.empty());
  }
}

TEST_CASE("what cannot be used is refused at its place") {
  CHECK(error_of("a: 1\na: 2\n").find("c.yaml:2:1: the key 'a'") == 0);
  CHECK(error_of("a: *b\n").find("c.yaml:1:4: no anchor") == 0);
  CHECK(error_of("a: [1, 2\n").find("c.yaml:2:1: this is not valid YAML") == 0);
  CHECK(error_of("a:\n\t- b\n").find("c.yaml:2:1:") == 0);
  CHECK(error_of("a: 1\n---\nb: 2\n").find("a second document") != std::string::npos);
  CHECK(error_of("? [a]\n: 1\n").find("a key must be a word") != std::string::npos);
  CHECK(error_of("<<: 3\n").find("'<<'") != std::string::npos);
  CHECK(error_of(std::string_view("a: \x01\xFF\x00", 6)).find("c.yaml:") == 0);
}

TEST_CASE("a place is in the file though its last line has no end") {
  CHECK(error_of("name: {").find("c.yaml:1:8: this is not valid YAML") == 0);
  CHECK(error_of("a: 1\nb: [\xC3\xA9").find("c.yaml:2:6: this is not valid YAML") == 0);
  CHECK(error_of("a: 1\r\nb: [x").find("c.yaml:2:6: this is not valid YAML") == 0);
  CHECK(parse("a:").get("a")->mark.line == 1);
}

TEST_CASE("a tab in the indentation is named") {
  const std::string tab = "a tab stands here where spaces must: YAML is indented with spaces alone";
  CHECK(error_of("a:\n\t- b\n") == "c.yaml:2:1: " + tab);
  CHECK(error_of("a:\n  b:\n  \tc: 1\n") == "c.yaml:3:3: " + tab);
  CHECK(error_of("a:\n  b: 1\n\tc: 1\n") == "c.yaml:3:1: " + tab);
  CHECK(error_of("a: 1\nb: [1\n").find("not valid YAML") != std::string::npos);
}

TEST_CASE("deep nesting and alias bombs are refused, not suffered") {
  CHECK(error_of(std::string(5000, '[')).find("nested too deeply") != std::string::npos);
  std::string bomb = "a0: &a0 [x,x,x,x,x,x,x,x,x,x]\n";
  for (int i = 1; i < 12; ++i) {
    const std::string last = "*a" + std::to_string(i - 1);
    bomb += "a" + std::to_string(i) + ": &a" + std::to_string(i) + " [";
    for (int j = 0; j < 10; ++j) bomb += (j == 0 ? "" : ",") + last;
    bomb += "]\n";
  }
  CHECK(error_of(bomb).find("too many values") != std::string::npos);
}

TEST_CASE("an explicit string tag makes text of a plain scalar") {
  const Node root = parse("a: !!str 5\nb: ! 5\nc: 5\nd: !!str null\n");
  CHECK_FALSE(root.get("a")->plain);
  CHECK_FALSE(root.get("b")->plain);
  CHECK(root.get("c")->plain);
  CHECK_FALSE(root.get("d")->is_null());
}

TEST_CASE("anchors around anchors and very many keys cost no more than their size") {
  std::string nested;
  for (int i = 0; i < 90; ++i) nested += "&a" + std::to_string(i) + " [";
  for (int i = 0; i < 50000; ++i) nested += "x,";
  CHECK(error_of(nested + std::string(90, ']')).find("too many values") != std::string::npos);
  std::string keys;
  for (int i = 0; i < 90000; ++i) keys += "k" + std::to_string(i) + ": 1\n";
  CHECK(parse(keys).entries.size() == 90000);
}
