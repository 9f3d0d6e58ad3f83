#include "io/process_stat.h"

#include <vector>

#include "base/strings.h"

namespace corral::io {

// "PID (NAME) STATE PPID PGRP SESSION ...", by their places behind the name.
std::optional<ProcessStat> parse_process_stat(std::string_view text) {
  constexpr std::size_t kState = 0, kParent = 1, kSession = 3, kResident = 21;
  constexpr std::size_t kTimes[] = {11, 12, 13, 14};
  const std::size_t name_end = text.rfind(") ");
  if (name_end == std::string_view::npos) return std::nullopt;
  const std::vector<std::string_view> words = split(trim(text.substr(name_end + 2)), ' ');
  if (words.size() <= kResident || words[kState].size() != 1) return std::nullopt;
  const auto number = [&](std::size_t at) { return parse_u64(words[at]).value_or(0); };
  const auto id = [&](std::size_t at) {
    return number(at) <= INT32_MAX ? static_cast<int>(number(at)) : 0;
  };
  ProcessStat stat{.state = words[kState][0],
                   .parent = id(kParent),
                   .session = id(kSession),
                   .resident_pages = number(kResident)};
  for (const std::size_t at : kTimes) stat.cpu_ticks += number(at);
  return stat;
}

}  // namespace corral::io
