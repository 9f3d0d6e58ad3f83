#include "cli/keys.h"

#include <doctest/doctest.h>

using namespace corral::cli;

namespace {

using Kind = Key::Kind;

Key letter(char c) { return {Kind::kLetter, c}; }

struct Row {
  std::string bytes;
  std::vector<Key> keys;
};

const std::vector<Row> kTable = {
    {"qL", {letter('q'), letter('L')}},
    {"\x03\x0c", {letter('\x03'), letter('\x0c')}},
    {"\r\n\t", {{Kind::kEnter}, {Kind::kEnter}, {Kind::kTab}}},
    {"\x1b[A\x1b[B", {{Kind::kUp}, {Kind::kDown}}},
    {"\x1bOA\x1bOB", {{Kind::kUp}, {Kind::kDown}}},
    {"\x1b[5~\x1b[6~", {{Kind::kPageUp}, {Kind::kPageDown}}},
    {"\x1b[H\x1b[F\x1bOH\x1bOF", {{Kind::kHome}, {Kind::kEnd}, {Kind::kHome}, {Kind::kEnd}}},
    {"\x1b[1~\x1b[4~\x1b[7~\x1b[8~", {{Kind::kHome}, {Kind::kEnd}, {Kind::kHome}, {Kind::kEnd}}},
    {"\x1b[Z", {{Kind::kBackTab}}},
    {"\x1b[1;5A", {{Kind::kUp}}},        // with a modifier
    {"\x1b[5;2~", {{Kind::kPageUp}}},    // with a modifier
    {"\x1b[15~y", {{}, letter('y')}},    // a function key means nothing, and no letter
    {"\x1b[?1;2cq", {{}, letter('q')}},  // a terminal's answer
    {"\x1b\x1b[A", {{Kind::kEscape}, {Kind::kUp}}},
    {"\x1bq", {{Kind::kEscape}, letter('q')}},  // two keys that came together
    {"\x1b[\x01q", {{}, letter('q')}},          // a sequence that is broken off
    {"\x1b[1\x1b[B", {{Kind::kDown}}},          // or cut by another
    {"模é", {}},
    {"\x1b[" + std::string(1000, '1') + "~q", {{}, letter('q')}},
};

}  // namespace

TEST_CASE("keys are known in whatever pieces their bytes come") {
  for (const Row& row : kTable) {
    CAPTURE(row.bytes);
    for (std::size_t split = 0; split <= row.bytes.size(); ++split) {
      KeyReader reader;
      std::vector<Key> keys = reader.push(row.bytes.substr(0, split));
      const std::vector<Key> rest = reader.push(row.bytes.substr(split));
      keys.insert(keys.end(), rest.begin(), rest.end());
      CHECK(keys == row.keys);
      CHECK_FALSE(reader.unsure());
    }
  }
}

TEST_CASE("escape is itself when nothing follows it") {
  KeyReader reader;
  CHECK(reader.push("\x1b").empty());
  CHECK(reader.unsure());
  CHECK(reader.settle() == std::vector<Key>{{Kind::kEscape}});
  CHECK_FALSE(reader.unsure());
  CHECK(reader.push("q") == std::vector<Key>{letter('q')});
}

TEST_CASE("a sequence whose end never comes is dropped") {
  KeyReader reader;
  CHECK(reader.push("\x1b[1;").empty());
  CHECK(reader.settle().empty());
  CHECK(reader.push("B") == std::vector<Key>{letter('B')});
}
