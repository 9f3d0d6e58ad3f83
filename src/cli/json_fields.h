// Checked readers of JSON that a service answered: another program may listen there, so nothing is
// where it should be until it has been looked at.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>

namespace corral::cli {

// The member of that name if `value` is an object that has one of this type, else `otherwise`.
std::string text_of(const nlohmann::json& value, const char* key, std::string otherwise = "");
double number_of(const nlohmann::json& value, const char* key);  // else 0
bool is_true(const nlohmann::json& value, const char* key);

// What an "error" member says: its message if it is an object, itself if it is text. `otherwise` if
// it says nothing.
std::string error_text(const nlohmann::json& error, std::string otherwise);

}  // namespace corral::cli
