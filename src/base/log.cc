#include "base/log.h"

#include <spdlog/sinks/base_sink.h>
#include <spdlog/sinks/stdout_color_sinks.h>
#include <spdlog/spdlog.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <ctime>
#include <memory>
#include <mutex>
#include <string>

namespace corral {
namespace {

// "2026-03-01 12:00:00.250 info MESSAGE", in local time. The part up to the seconds is made once a
// second: a busy gateway writes a line for each request.
class LineFormatter : public spdlog::formatter {
 public:
  void format(const spdlog::details::log_msg& message, spdlog::memory_buf_t& out) override {
    const auto second = std::chrono::floor<std::chrono::seconds>(message.time);
    if (second != second_ || start_.empty()) begin(second);
    const auto passed =
        std::chrono::duration_cast<std::chrono::milliseconds>(message.time - second);
    const auto count = static_cast<unsigned>(passed.count());
    const char digits[] = {'.', digit(count / 100), digit(count / 10), digit(count), ' '};
    append(out, start_);
    append(out, {digits, sizeof digits});
    const auto level = spdlog::level::to_string_view(message.level);
    append(out, {level.data(), level.size()});
    append(out, " ");
    append(out, {message.payload.data(), message.payload.size()});
    append(out, "\n");
  }
  std::unique_ptr<spdlog::formatter> clone() const override {
    return std::make_unique<LineFormatter>();
  }

 private:
  using Second = std::chrono::time_point<spdlog::log_clock, std::chrono::seconds>;

  static char digit(unsigned number) { return static_cast<char>('0' + number % 10); }
  static void append(spdlog::memory_buf_t& out, std::string_view text) {
    out.append(text.data(), text.data() + text.size());
  }
  void begin(Second second) {
    second_ = second;
    const std::tm time = spdlog::details::os::localtime(spdlog::log_clock::to_time_t(second));
    char text[64];
    start_.assign(text, std::strftime(text, sizeof text, "%Y-%m-%d %H:%M:%S", &time));
  }

  Second second_{};
  std::string start_;
};

// Makes each line once, for stderr and for the function that /logs installed. Lines for stderr may
// be gathered and written many at once: a system call a request is what a busy gateway would notice
// most of its log.
class LineSink : public spdlog::sinks::base_sink<std::mutex> {
 public:
  // `writes`: to stderr too.
  explicit LineSink(bool writes) : writes_(writes) {
    set_formatter_(std::make_unique<LineFormatter>());
  }
  void set(std::function<void(std::string_view)> function) {
    const std::lock_guard lock(mutex_);
    function_ = std::move(function);
  }
  void gather(bool gather) {
    const std::lock_guard lock(mutex_);
    gather_ = gather;
    flush_();
  }

 protected:
  void sink_it_(const spdlog::details::log_msg& message) override {
    const std::size_t begin = lines_.size();
    formatter_->format(message, lines_);
    if (function_) function_(std::string_view(lines_.data() + begin, lines_.size() - begin));
    if (!writes_) {
      lines_.clear();
    } else if (!gather_ || lines_.size() >= kMost || message.level >= spdlog::level::warn) {
      flush_();
    }
  }
  void flush_() override {
    std::fwrite(lines_.data(), 1, lines_.size(), stderr);
    std::fflush(stderr);
    lines_.clear();
  }

 private:
  static constexpr std::size_t kMost = 16 * 1024;
  const bool writes_;
  std::function<void(std::string_view)> function_;
  spdlog::memory_buf_t lines_;
  bool gather_ = false;
};

// A person who watches a terminal sees every line at once, in colours.
spdlog::sink_ptr terminal_sink() {
  auto sink = std::make_shared<spdlog::sinks::stderr_color_sink_mt>();
  sink->set_pattern("%Y-%m-%d %H:%M:%S.%e %^%l%$ %v");
  return sink;
}

struct Logger {
  const bool watched = ::isatty(STDERR_FILENO) == 1;
  // spdlog shares its sinks.
  std::shared_ptr<LineSink> lines = std::make_shared<LineSink>(!watched);
  spdlog::logger logger{"corral", lines};

  Logger() {
    if (watched) logger.sinks().push_back(terminal_sink());
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

void gather_log(bool gather) { instance().lines->gather(gather); }

void flush_log() { instance().lines->flush(); }

void set_log_sink(std::function<void(std::string_view line)> sink) {
  instance().lines->set(std::move(sink));
}

void log(LogLevel level, std::string_view message) {
  const bool plain = std::none_of(message.begin(), message.end(), is_control);
  std::string cleaned;
  if (!plain) message = cleaned = clean(message);
  instance().logger.log(to_spdlog(level), spdlog::string_view_t(message.data(), message.size()));
}

}  // namespace corral
