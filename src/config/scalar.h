// What a plain YAML scalar means, by the rules of the library that llama-swap reads with: mostly
// YAML 1.2, but integers in the style of Go (0x10, 0o17, 017, 0b1, 1_000), and yes/no words count
// only where a boolean is wanted.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "config/yaml_tree.h"

namespace corral::config {

// Nothing if the text is no integer or does not fit.
std::optional<std::int64_t> to_integer(std::string_view text);

// true and false, and for a typed boolean also y/yes/on and n/no/off.
std::optional<bool> to_boolean(const Node& scalar);

// The scalar as a macro inserts it into other text: integers in decimal, booleans in lower case,
// everything else as it is written.
std::string inserted(const Node& scalar);

// For messages: "a list", "a mapping", "nothing" or the text in quotes.
std::string described(const Node& node);

}  // namespace corral::config
