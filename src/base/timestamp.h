// Points of the calendar as text for people and programs.
#pragma once

#include <chrono>
#include <optional>
#include <string>

namespace corral {

// "2026-03-01T12:00:00.250Z": RFC 3339 in UTC, to the millisecond.
std::string rfc3339(std::chrono::system_clock::time_point time);

// The same back again; nothing for another text.
std::optional<std::chrono::system_clock::time_point> parse_rfc3339(const std::string& text);

}  // namespace corral
