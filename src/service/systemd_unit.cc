#include "service/systemd_unit.h"

#include <algorithm>

#include "base/strings.h"

namespace corral::service {
namespace {

constexpr std::size_t kLongestPath = 4095;         // PATH_MAX, without the NUL
constexpr std::size_t kLongestLine = 1024 * 1024;  // systemd's LONG_LINE_MAX

bool is_control(char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; }

std::string doubled(std::string_view text, char sign) {
  std::string result;
  for (const char c : text) result.append(c == sign ? 2 : 1, c);
  return result;
}

bool is_plain(std::string_view word) {
  constexpr std::string_view kMarks = "-_./:,=@+~";
  const auto plain = [&](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           kMarks.find(c) != std::string_view::npos;
  };
  return !word.empty() && std::ranges::all_of(word, plain);
}

// Quoted if it has to be; "%" is doubled in any case.
std::string quoted(std::string_view word) {
  if (is_plain(word)) return std::string(word);
  constexpr std::string_view kHex = "0123456789abcdef";
  std::string result = "\"";
  for (const char c : word) {
    if (c == '"' || c == '\\') {
      result += {'\\', c};
    } else if (c == '%') {
      result += "%%";
    } else if (c == '\n') {
      result += "\\n";
    } else if (c == '\t') {
      result += "\\t";
    } else if (is_control(c)) {
      result += {'\\', 'x', kHex[static_cast<unsigned char>(c) >> 4],
                 kHex[static_cast<unsigned char>(c) & 15]};
    } else {
      result += c;
    }
  }
  return result + '"';
}

Result<void> refuse(std::string_view what, std::string_view value, std::string_view why) {
  return fail(Code::kInvalid, "systemd cannot take the " + std::string(what) + " " +
                                  json_quote(value) + ": " + std::string(why) +
                                  "; give that file or folder another name");
}

// What systemd's string_is_safe() and path_is_valid() refuse of a program.
Result<void> check_program(std::string_view path) {
  const auto bad = [](char c) { return is_control(c) || c == '"' || c == '\'' || c == '\\'; };
  if (std::ranges::any_of(path, bad)) {
    return refuse("program", path, "quotes, backslashes and control characters may not be in it");
  }
  if (path.size() > kLongestPath) return refuse("program", path, "it is too long");
  return {};
}

// The rest of its line as it stands: white space around it goes, a backslash at its end would
// continue the line.
Result<void> check_folder(std::string_view path) {
  if (std::ranges::any_of(path, is_control)) {
    return refuse("working folder", path, "it has a control character");
  }
  if (path.ends_with(' ')) return refuse("working folder", path, "it ends with a space");
  if (path.ends_with('\\')) return refuse("working folder", path, "it ends with a backslash");
  if (path.size() > kLongestPath) return refuse("working folder", path, "it is too long");
  return {};
}

// See env_value_is_valid() of systemd.
Result<void> check_environment(std::string_view value) {
  const auto bad = [](char c) { return is_control(c) && c != '\t' && c != '\n'; };
  if (std::ranges::any_of(value, bad)) return refuse("PATH", value, "it has a control character");
  return {};
}

std::string command_line(const Definition& definition) {
  std::string line = quoted(definition.program);
  for (const std::string& argument : definition.arguments) line += " " + exec_word(argument);
  return line;
}

std::string number(std::chrono::seconds time) { return std::to_string(time.count()); }

}  // namespace

std::string exec_word(std::string_view text) { return quoted(doubled(text, '$')); }

Result<std::string> systemd_unit(const Definition& definition) {
  Result<void> good = check(definition);
  if (good.has_value()) good = check_program(definition.program);
  if (good.has_value()) good = check_folder(definition.folder);
  if (good.has_value()) good = check_environment(definition.path);
  if (!good.has_value()) return std::unexpected(good.error());
  const std::string command = command_line(definition);
  const std::string path = quoted("PATH=" + definition.path);
  if (std::max(command.size(), path.size()) > kLongestLine) {
    return fail(Code::kInvalid,
                "systemd takes no line of more than a MiB, which the service's command or its PATH "
                "would need; shorten that");
  }
  return "# Written by `corral service install`, which writes it anew; your own settings belong\n"
         "# into `systemctl --user edit " +
         definition.label +
         "`. One that rootless podman needs there, under\n"
         "# [Service]: NoNewPrivileges=no, LockPersonality=no and RestrictRealtime=no.\n"
         "[Unit]\n"
         "Description=Corral, local AI models behind one address\n"
         "StartLimitIntervalSec=300\n"
         "StartLimitBurst=5\n"
         "\n"
         "[Service]\n"
         "Type=notify\n"
         "ExecStart=" +
         command + "\nEnvironment=" + path +
         "\nWorkingDirectory=" + doubled(definition.folder, '%') +
         "\nRestart=on-failure\n"
         "RestartSec=" +
         number(definition.restart_pause) + "\nWatchdogSec=" + number(definition.watchdog) +
         "\nKillMode=mixed\n"
         "TimeoutStopSec=" +
         number(definition.stop_limit) + "\nLimitNOFILE=" + std::to_string(definition.descriptors) +
         "\n"
         "# An engine that the system kills for memory is Corral's to start again.\n"
         "OOMPolicy=continue\n"
         "# Corral divides its control group, to hold each engine to its memory.\n"
         "Delegate=memory\n"
         "NoNewPrivileges=yes\n"
         "LockPersonality=yes\n"
         "RestrictRealtime=yes\n"
         "\n"
         "[Install]\n"
         "WantedBy=default.target\n";
}

}  // namespace corral::service
