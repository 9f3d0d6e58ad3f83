// Splits a command line into words as a POSIX shell would, without running one: quotes and
// backslashes count, variables, globs and operators do not. Kinder than a shell in one thing: a
// backslash that ends a line still continues it when spaces follow, or when no line does.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace corral::config {

// kInvalid when a quote is not closed.
Result<std::vector<std::string>> shell_split(std::string_view text);

// Drops lines whose first visible character is '#'. A comment inside a command cannot add words.
std::string strip_comment_lines(std::string_view text);

// A cmd of the config, as words: comment lines go, the rest is split.
Result<std::vector<std::string>> split_command(std::string_view text);

}  // namespace corral::config
