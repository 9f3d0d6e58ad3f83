// The service's own log: one line an event, to stderr. spdlog stands behind it in log.cc alone.
// Thread-safe. A sink can be added so that /logs shows the same lines.
#pragma once

#include <functional>
#include <string_view>

namespace corral {

enum class LogLevel { kDebug, kInfo, kWarn, kError };

void set_log_level(LogLevel level);
bool log_enabled(LogLevel level);

// `sink` receives each whole line with its newline, on the thread that logs. Pass nullptr to
// remove.
void set_log_sink(std::function<void(std::string_view line)> sink);

void log(LogLevel level, std::string_view message);
inline void log_debug(std::string_view message) { log(LogLevel::kDebug, message); }
inline void log_info(std::string_view message) { log(LogLevel::kInfo, message); }
inline void log_warn(std::string_view message) { log(LogLevel::kWarn, message); }
inline void log_error(std::string_view message) { log(LogLevel::kError, message); }

}  // namespace corral
