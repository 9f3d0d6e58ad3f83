#include "base/log.h"

#include <spdlog/sinks/base_sink.h>
#include <spdlog/sinks/stdout_color_sinks.h>
#include <spdlog/spdlog.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
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

// Gathers lines and writes many of them at once: a system call a request is what a busy gateway
// would notice most of its log.
class GatheringSink : public spdlog::sinks::base_sink<std::mutex> {
 public:
  void gather(bool gather) {
    const std::lock_guard lock(mutex_);
    gather_ = gather;
    flush_();
  }

 protected:
  void sink_it_(const spdlog::details::log_msg& message) override {
    formatter_->format(message, lines_);
    if (!gather_ || lines_.size() >= kMost || message.level >= spdlog::level::warn) flush_();
  }
  void flush_() override {
    std::fwrite(lines_.data(), 1, lines_.size(), stderr);
    std::fflush(stderr);
    lines_.clear();
  }

 private:
  static constexpr std::size_t kMost = 16 * 1024;
  spdlog::memory_buf_t lines_;
  bool gather_ = false;
};

struct Logger {
  // spdlog shares its sinks.
  std::shared_ptr<FunctionSink> sink = std::make_shared<FunctionSink>();
  std::shared_ptr<GatheringSink> file = std::make_shared<GatheringSink>();
  std::shared_ptr<spdlog::sinks::sink> terminal;
  spdlog::logger logger;

  // A person who watches a terminal sees every line at once, in colours.
  Logger()
      : terminal(::isatty(STDERR_FILENO) == 1
                     ? std::make_shared<spdlog::sinks::stderr_color_sink_mt>()
                     : nullptr),
        logger("corral", {terminal ? terminal : file, sink}) {
    logger.set_pattern("%Y-%m-%d %H:%M:%S.%e %^%l%$ %v");
  }
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

bool log_enabled(LogLevel level) { return instance().logger.should_log(to_spdlog(level)); }

void gather_log(bool gather) { instance().file->gather(gather); }

void flush_log() { instance().file->flush(); }

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
