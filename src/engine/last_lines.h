// What an engine printed, fit for people: in an error message, a log line, a terminal.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace corral::engine {

// A line without control characters, of either set, the sequences by which a terminal is coloured
// and told its title, and the white space at both ends.
std::string plain_line(std::string_view line);

// At most so many bytes of it, and whole characters of UTF-8.
std::string_view beginning_of(std::string_view text, std::size_t most);

// The last lines of `text` that say something, at most ten and 1,600 bytes, oldest first, each on a
// line of its own and plain. Empty if there are none.
std::string last_lines(std::string_view text);

}  // namespace corral::engine
