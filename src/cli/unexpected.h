// What to say of words of the command line that the command does not take.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace corral::cli {

// One sentence about `words`, which are not empty and stand in the order in which they were typed,
// with the likeliest intention. `command` is "serve" or "config check", empty for no command;
// `options` are the names of its options, with their dashes, and of its commands.
std::string about_unexpected(std::string_view command, const std::vector<std::string>& words,
                             const std::vector<std::string>& options);

}  // namespace corral::cli
