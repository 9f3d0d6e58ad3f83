#include "config/shell_split.h"

#include <doctest/doctest.h>

using namespace corral;
using namespace corral::config;
using Words = std::vector<std::string>;

TEST_CASE("words are split as a POSIX shell splits them") {
  struct Row {
    const char* text;
    Words words;
  };
  const Row rows[] = {
      {"", {}},
      {"  a\t b\n c ", {"a", "b", "c"}},
      {"a 'b c' \"d e\"", {"a", "b c", "d e"}},
      {"''  \"\"", {"", ""}},
      {"a\\ b", {"a b"}},
      {"a \\\n  b", {"a", "b"}},
      {"a \\ \t\n  b", {"a", "b"}},
      {"a\\\nb", {"ab"}},
      {"a \\", {"a"}},
      {"a \\\n", {"a"}},
      {"'a \\\nb'", {"a \\\nb"}},
      {R"("a\"b" 'c\d' "e\f" "g\\h")", {"a\"b", "c\\d", "e\\f", "g\\h"}},
      {"pre'mid'post", {"premidpost"}},
      {"$HOME *.gguf | x > y", {"$HOME", "*.gguf", "|", "x", ">", "y"}},
  };
  for (const Row& row : rows) {
    CAPTURE(row.text);
    CHECK(shell_split(row.text) == row.words);
  }
}

TEST_CASE("an open quote is an error") {
  for (const char* text : {"a 'b", "a \"b", "\"a\\", "\"a\\\""}) {
    CAPTURE(text);
    CHECK_FALSE(shell_split(text).has_value());
  }
}

TEST_CASE("comment lines go, other number signs stay") {
  CHECK(strip_comment_lines("a\n  # b\nc #d") == "a\nc #d");
  CHECK(strip_comment_lines("# only") == "");
}

TEST_CASE("a comment line inside a continued command adds no word and breaks none") {
  CHECK(split_command("a \\\n  # --b \\\n  --c 1 \\\n# end") == Words{"a", "--c", "1"});
}
