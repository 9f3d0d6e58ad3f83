// What happens to a config's text before it is parsed as YAML: its bytes are checked, and
// ${env.NAME} is replaced.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "config/config.h"

namespace corral::config {

// kInvalid at the first byte that is not UTF-8 or is a control character that YAML forbids.
Result<void> check_text(std::string_view text, const std::string& file);

// Replaces each ${env.NAME} by the variable's value, in which backslashes and double quotes are
// escaped for a double-quoted scalar (so a plain scalar gets the backslashes doubled: llama-swap's
// rule). Lines keep their numbers; columns behind a value count the value. kInvalid if a variable
// is not set or its value cannot stand in one line of YAML; where a comment may stand, such a text
// is left as it is.
Result<std::string> replace_environment(std::string_view text, const std::string& file,
                                        const Environment& environment);

}  // namespace corral::config
