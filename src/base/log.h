// The service's own log: one entry an event, to stderr. A message's further lines are indented and
// its other control characters replaced, so that no text from outside can pose as an entry or speak
// to a terminal. spdlog stands behind it in log.cc alone. Thread-safe. A sink can be added so that
// /logs shows the same lines.
#pragma once

#include <functional>
#include <string_view>

namespace corral {

enum class LogLevel { kDebug, kInfo, kWarn, kError };

void set_log_level(LogLevel level);

// `sink` receives each whole line with its newline, on the thread that logs. Pass nullptr to
// remove.
void set_log_sink(std::function<void(std::string_view line)> sink);

// For messages that cost something to make.
bool log_enabled(LogLevel level);

// From now on lines below a warning may wait for flush_log(), unless stderr is a terminal; for a
// caller that flushes soon after it was busy. Turning it off flushes.
void gather_log(bool gather);
void flush_log();

void log(LogLevel level, std::string_view message);
inline void log_info(std::string_view message) { log(LogLevel::kInfo, message); }
inline void log_warn(std::string_view message) { log(LogLevel::kWarn, message); }

}  // namespace corral
