// Points of the calendar as text for people and programs.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

namespace corral {

// "2026-03-01T12:00:00.250Z": RFC 3339 in UTC, to the millisecond.
std::string rfc3339(std::chrono::system_clock::time_point time);

// Reads what rfc3339 writes, for the years 1970 to 2261; nothing if it is anything else.
std::optional<std::chrono::system_clock::time_point> parse_rfc3339(std::string_view text);

}  // namespace corral
