#include "engine/diagnosis.h"

#include <array>
#include <csignal>
#include <vector>

#include "base/strings.h"
#include "engine/guard.h"

namespace corral::engine {
namespace {

// llama-server says the cause first and then, once for each caller, that it failed.
constexpr std::size_t kMostLines = 10;
constexpr std::size_t kMostBytes = 1600;

struct SignalWords {
  int number;
  std::string_view name;
  std::string_view meaning;
};

constexpr std::array kSignals = {
    SignalWords{SIGKILL, "SIGKILL",
                "something outside ended it at once, most often the system for want of memory"},
    SignalWords{SIGTERM, "SIGTERM", "something outside asked it to end"},
    SignalWords{SIGINT, "SIGINT", "something outside interrupted it"},
    SignalWords{SIGHUP, "SIGHUP", "its terminal or session ended"},
    SignalWords{SIGABRT, "SIGABRT", "it gave up by itself, often for want of memory"},
    SignalWords{SIGSEGV, "SIGSEGV", "it crashed on a bad memory access"},
    SignalWords{SIGBUS, "SIGBUS", "it crashed on memory or a mapped file that is not there"},
    SignalWords{SIGFPE, "SIGFPE", "it crashed on an impossible calculation"},
    SignalWords{SIGILL, "SIGILL", "it needs instructions that this processor lacks"},
    SignalWords{SIGTRAP, "SIGTRAP", "it gave up by itself"},
};

bool is_continuation(char c) { return (static_cast<unsigned char>(c) & 0xc0) == 0x80; }

// Without control characters and the escape sequences that colour a terminal.
std::string plain(std::string_view line) {
  std::string out;
  for (std::size_t i = 0; i < line.size(); ++i) {
    const auto c = static_cast<unsigned char>(line[i]);
    if (c == 0x1b && i + 1 < line.size() && line[i + 1] == '[') {
      i += 2;
      while (i < line.size() && (line[i] < 0x40 || line[i] > 0x7e)) ++i;
    } else if (c == '\t') {
      out.push_back(' ');
    } else if (c >= 0x20 && c != 0x7f) {
      out.push_back(line[i]);
    }
  }
  return std::string(trim(out));
}

}  // namespace

std::string describe(const io::Exit& exit) {
  if (exit.signal == 0) return "exited with status " + std::to_string(exit.code);
  for (const SignalWords& words : kSignals) {
    if (words.number != exit.signal) continue;
    return "was killed by " + std::string(words.name) + ": " + std::string(words.meaning);
  }
  return "was killed by signal " + std::to_string(exit.signal);
}

Failure diagnose(const End& end) {
  const bool no_command =
      !end.worker && !end.was_ready && end.exit.signal == 0 && end.exit.code == kCannotExecute;
  std::string sentence = "the engine of '" + end.model + "' ";
  sentence += no_command ? "could not be started" : describe(end.exit);
  if (!no_command && !end.was_ready) sentence += ", before it was ready";
  return Failure{.cause = no_command             ? Cause::kNotExecutable
                          : end.exit.signal != 0 ? Cause::kKilled
                                                 : Cause::kExited,
                 .message = std::move(sentence),
                 .output = end.output};
}

std::string last_lines(std::string_view text) {
  const std::vector<std::string_view> lines = split(text, '\n');
  std::string out;
  std::size_t count = 0;
  for (auto line = lines.rbegin(); line != lines.rend() && count < kMostLines; ++line) {
    std::string words = plain(*line);
    if (words.empty()) continue;
    const std::size_t room = kMostBytes - out.size() - (count > 0 ? 1 : 0);
    const bool too_long = words.size() > room;
    if (too_long && count > 0) break;
    if (too_long) {
      words.resize(room + 1);
      while (is_continuation(words.back())) words.pop_back();
      words.pop_back();
    }
    out.insert(0, count > 0 ? words + "\n" : words);
    ++count;
  }
  return out;
}

}  // namespace corral::engine
