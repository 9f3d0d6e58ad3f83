// Kinds of values that several options have. Each is refused at its place.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "config/reader.h"

namespace corral::config {

// A whole number from `least` to `most`.
Result<void> read_whole(const Reader& reader, const Node::Entry& entry, std::int64_t least,
                        std::int64_t most, std::optional<std::int64_t>& out);

// One of the words, whatever its case; its place in the list.
Result<std::size_t> read_word(const Reader& reader, const Node::Entry& entry,
                              const std::vector<std::string>& words);

// Text that is not blank, as it is written.
Result<void> read_path(const Reader& reader, const Node::Entry& entry, std::string& out);

// Seconds, or a time with a unit (quantity.h), at least `least`.
Result<void> read_duration(const Reader& reader, const Node::Entry& entry,
                           std::chrono::milliseconds least, std::chrono::milliseconds& out);

}  // namespace corral::config
