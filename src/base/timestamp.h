// Points of the calendar as text for people and programs.
#pragma once

#include <chrono>
#include <string>

namespace corral {

// "2026-03-01T12:00:00.250Z": RFC 3339 in UTC, to the millisecond.
std::string rfc3339(std::chrono::system_clock::time_point time);

}  // namespace corral
