// The file that a manager reads a definition from.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"

namespace corral::service {

bool exists(const std::string& path);

// Makes the folder and those above it. kIo with a sentence.
Result<void> make_folders(const std::string& folder);

// Whether it is there with this text.
bool holds(const std::string& path, std::string_view text);

// Replaces the file as a whole unless it holds that already, and makes its folder. kIo with a
// sentence; then it is what it was.
Result<void> write_file(const std::string& path, std::string_view text);

// kIo with a sentence; no failure if there is none.
Result<void> remove_file(const std::string& path);

// kNotFound, with what to do, if there is no such file.
Result<void> check_installed(const std::string& path);

}  // namespace corral::service
