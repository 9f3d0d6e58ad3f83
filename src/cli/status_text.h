// What a person reads of a model's status; the words are those of GET /api/status.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>

namespace corral::cli {

// A model's status as some lines of text, the first one its name and state.
std::string status_text(const nlohmann::json& status);

// "ready", or "loading 45 %".
std::string state_text(const nlohmann::json& status);

// "2 d 3 h", "4 min 5 s", "6 s"; "-" where it is not a number.
std::string age_text(const nlohmann::json& status, const char* key);
// "12.3 MB", of a number of bytes; "-" where it is not a number.
std::string size_text(const nlohmann::json& status, const char* key);

// Behind the address of a service all of whose engines are stopped.
inline constexpr const char* kSuspended =
    " is suspended: all engines are stopped, and requests wait for 'corral resume'";

// Without what would make a terminal do more than show it. Line ends stay.
std::string printable(std::string_view text);

}  // namespace corral::cli
