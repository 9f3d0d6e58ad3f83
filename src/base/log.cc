#include "base/log.h"

#include <spdlog/sinks/base_sink.h>
#include <spdlog/sinks/stdout_color_sinks.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <memory>
#include <mutex>
#include <string>

namespace corral {
namespace {

// Hands formatted lines to the function that /logs installed.
class FunctionSink : public spdlog::sinks::base_sink<std::mutex> {
 public:
  void set(std::function<void(std::string_view)> function) {
    const std::lock_guard lock(mutex_);
    function_ = std::move(function);
  }

 protected:
  void sink_it_(const spdlog::details::log_msg& message) override {
    if (!function_) return;
    spdlog::memory_buf_t buffer;
    formatter_->format(message, buffer);
    function_(std::string_view(buffer.data(), buffer.size()));
  }
  void flush_() override {}

 private:
  std::function<void(std::string_view)> function_;
};

struct Logger {
  std::shared_ptr<FunctionSink> sink = std::make_shared<FunctionSink>();  // spdlog shares its sinks
  spdlog::logger logger{"corral", {std::make_shared<spdlog::sinks::stderr_color_sink_mt>(), sink}};

  Logger() { logger.set_pattern("%Y-%m-%d %H:%M:%S.%e %^%l%$ %v"); }
};

// The log is the one process-wide object: signal handlers aside, every room may write a line.
Logger& instance() {
  static Logger logger;
  return logger;
}

spdlog::level::level_enum to_spdlog(LogLevel level) {
  switch (level) {
    case LogLevel::kDebug: return spdlog::level::debug;
    case LogLevel::kInfo: return spdlog::level::info;
    case LogLevel::kWarn: return spdlog::level::warn;
    case LogLevel::kError: return spdlog::level::err;
  }
  return spdlog::level::info;
}

bool is_control(char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7F; }

std::string clean(std::string_view message) {
  std::string text;
  for (const char c : message) {
    text += c == '\n' ? "\n    " : std::string(1, is_control(c) && c != '\t' ? '?' : c);
  }
  return text;
}

}  // namespace

void set_log_level(LogLevel level) { instance().logger.set_level(to_spdlog(level)); }

void set_log_sink(std::function<void(std::string_view line)> sink) {
  instance().sink->set(std::move(sink));
}

void log(LogLevel level, std::string_view message) {
  const bool plain = std::none_of(message.begin(), message.end(), is_control);
  std::string cleaned;
  if (!plain) message = cleaned = clean(message);
  instance().logger.log(to_spdlog(level), spdlog::string_view_t(message.data(), message.size()));
}

}  // namespace corral
