// Definition: what a service manager shall run, as a plain value, before it becomes launchd's plist
// (launchd_plist.h) or systemd's unit (systemd_unit.h). Nothing here touches the system.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/time.h"

namespace corral::service {

struct Definition {
  std::string label;                   // the manager's name for it: letters, digits and ".-_"
  std::string program;                 // absolute
  std::vector<std::string> arguments;  // those behind the program
  std::string path;                    // PATH, for the commands of a config
  std::string folder;                  // the working folder, absolute
  std::string log;                     // absolute; empty: the manager keeps the log itself
  // What `corral serve` may have open: more than its most connections need.
  std::uint32_t descriptors = 16384;
  // From the request to stop to the kill: `corral serve` lets requests end for a minute.
  std::chrono::seconds stop_limit{90};
  std::chrono::seconds restart_pause{10};  // at least so long between two starts, after a crash
  std::chrono::seconds watchdog{60};       // a loop that is silent for so long is stuck
};

// kInvalid with a sentence that names the value: a path is not absolute, something is no UTF-8 or
// has a NUL in it, the label has other characters. Each writer refuses more, by its own format.
Result<void> check(const Definition& definition);

// "serve --config PATH --listen ADDRESS"; without a listen address if that is empty.
std::vector<std::string> serve_arguments(std::string_view config, std::string_view listen);

// The PATH of a service: the program's folder, what the person's own PATH has, and the usual
// places. A manager's own PATH knows neither Homebrew nor a person's folders. Each folder is there
// once; what is not absolute would mean another folder there, and is left out.
std::string service_path(std::string_view program, std::string_view person);

}  // namespace corral::service
