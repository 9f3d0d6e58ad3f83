// Puts values that were set at run time into a model's tree, before it is read: so they are judged,
// expanded and read by the code that reads the file's.
#pragma once

#include <map>
#include <string>

#include "base/result.h"
#include "config/reader.h"

namespace corral::config {

// `values` are JSON by key. Each replaces the file's value of its key, at the place kRunTime.
// kInvalid for a key that is no option of all_options(), and for text that is not JSON.
Result<void> overlay(Node& model, const std::map<std::string, std::string>& values,
                     const Reader& reader);

}  // namespace corral::config
