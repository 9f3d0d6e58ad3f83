// A place in the config file. Messages begin with it, so that an editor can jump there.
#pragma once

#include <string>
#include <string_view>

namespace corral::config {

struct Mark {
  int line = 0;    // from 1; 0 with column 0: kRunTime
  int column = 0;  // from 1, in characters
};

// The place of a value that no file has, because it was set while Corral ran.
constexpr Mark kRunTime{};

// "file:line:col: text", or "corral set: text" for kRunTime.
std::string at(const std::string& file, Mark mark, std::string_view text);

// Text from the file between single quotes, made fit for a message: control characters become '?',
// what is longer than a line is cut.
std::string in_quotes(std::string_view text);

}  // namespace corral::config
