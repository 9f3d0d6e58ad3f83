// What the command line asks for.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "base/result.h"

namespace corral::cli {

struct ListenAddress {
  std::string host = "127.0.0.1";  // an IP address
  std::uint16_t port = 45786;
};

enum class Command {
  kServe,
  kRun,
  kPs,
  kStatus,
  kTop,
  kLoad,
  kUnload,
  kSuspend,
  kResume,
  kLogs,
  kSet,
  kReset,
  kVersion,
  kConfigCheck,
  kServiceInstall,
  kServiceUninstall,
  kServiceStart,
  kServiceStop,
  kServiceRestart,
  kServiceStatus,
  kServiceLogs
};

struct Options {
  Command command = Command::kServe;
  std::string config;       // a config file; empty: the person's own, else the built-in one
  std::string url;          // of a running service; empty: CORRAL_URL, else the default address
  ListenAddress listen;     // serve, service install
  std::string listen_text;  // the same as it was given; empty: it was not
  std::string
      model;  // run, load, set, reset; status, unload and logs: empty for all, for Corral's own
  std::optional<std::string> prompt;  // run; nothing: a chat, or what comes on stdin
  bool without_keys = false;          // serve: the network may use the models without one
  bool follow = false;                // logs, service logs
  bool json = false;                  // status: as the API gives it; service status
  bool once = false;                  // top: one picture as text
  std::vector<std::string> words;     // set: KEY=VALUE; reset: keys
  bool restart = false;               // set, reset: unload the engine when it is idle
  bool licenses = false;              // version
  std::string manager;                // service: launchd or systemd; empty: the one that is here
  bool print = false;                 // service install: show the file, change nothing
};

// The options, or the exit status of a run that is over: 0 when help was asked for and printed, 2
// when the command line is wrong and a sentence, or the list of commands, said so on stderr.
std::variant<Options, int> parse_options(int argc, char** argv);

// "HOST:PORT", ":PORT", "PORT" or "HOST"; "[::1]:PORT" for IPv6. kInvalid with a sentence
// otherwise.
Result<ListenAddress> parse_listen(std::string_view text);

}  // namespace corral::cli
