#include "engine/limits.h"

#include <sys/resource.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <vector>

#include "base/log.h"
#include "base/strings.h"

namespace corral::engine {
namespace {

constexpr const char* kName = "CORRAL_LIMITS";
constexpr std::size_t kNumbers = 3;  // in front of the group
constexpr std::uint64_t kMiB = 1024 * 1024;

void complain(const char* what) {
  std::fprintf(stderr, "corral: cannot limit %s of this engine: %s\n", what, std::strerror(errno));
}

// The nice value that adds to our own, within what systems know.
int whole_nice(int added) { return std::clamp(::getpriority(PRIO_PROCESS, 0) + added, -20, 19); }

// "1024 MiB" of the engine's memory; empty if that is not limited.
std::string memory_in_words(const ProcessLimits& limits) {
  const std::uint64_t bytes = limits.limits.memory_bytes;
  const bool together = !limits.memory_group.empty();
  if (bytes == 0 || !(together || can_limit_memory())) return {};
  return std::to_string(bytes / kMiB) + " MiB" + (together ? "" : " for each process");
}

void apply_memory_limit(const ProcessLimits& limits) {
  if (limits.limits.memory_bytes == 0) return;
  if (!limits.memory_group.empty()) {
    if (join_memory_group(limits.memory_group)) return;
    complain("the memory of all processes together");
  }
  if (can_limit_memory() && !limit_memory(limits.limits.memory_bytes)) complain("the memory");
}

}  // namespace

MemoryGroup make_memory_group(const std::string& model, const config::Limits& limits) {
  if (limits.memory_bytes == 0) return {};
  Result<MemoryGroup> group = MemoryGroup::make(limits.memory_bytes);
  if (group.has_value()) return std::move(*group);
  log_warn("cannot limit the memory of all processes of '" + model + "' together, so each is " +
           "limited for itself: " + group.error().message);
  return {};
}

io::Command with_limits(io::Command command, const ProcessLimits& limits) {
  const std::string name = std::string(kName) + "=";
  std::erase_if(command.env, [&name](const std::string& entry) { return entry.starts_with(name); });
  const config::Limits& each = limits.limits;
  if (each == config::Limits{}) return command;
  command.env.push_back(name + std::to_string(each.memory_bytes) + "," +
                        std::to_string(each.open_files) + "," + std::to_string(each.nice) + "," +
                        limits.memory_group);
  return command;
}

ProcessLimits take_limits() {
  const char* value = std::getenv(kName);
  if (value == nullptr) return {};
  ProcessLimits limits;
  const std::vector<std::string_view> words = split(value, ',');
  if (words.size() >= kNumbers) {
    limits.limits.memory_bytes = parse_u64(words[0]).value_or(0);
    limits.limits.open_files = parse_u64(words[1]).value_or(0);
    std::from_chars(words[2].data(), words[2].data() + words[2].size(), limits.limits.nice);
  }
  // A path, which may have commas.
  if (words.size() > kNumbers) limits.memory_group = words[kNumbers].data();
  ::unsetenv(kName);
  return limits;
}

void apply_limits(const ProcessLimits& limits) {
  const config::Limits& each = limits.limits;
  if (each.nice != 0) {
    const int nice = whole_nice(each.nice);
    if (::setpriority(PRIO_PROCESS, 0, nice) != 0) {
      complain("the CPU priority");
    } else {
      set_session_nice(nice);
    }
  }
  if (each.open_files != 0) {
    const rlim_t count = std::min(each.open_files, most_open_files());
    const rlimit files{.rlim_cur = count, .rlim_max = count};
    if (::setrlimit(RLIMIT_NOFILE, &files) != 0) complain("the open files");
  }
  apply_memory_limit(limits);
}

std::string limits_in_words(const ProcessLimits& limits) {
  const config::Limits& each = limits.limits;
  std::string words;
  const auto add = [&words](const std::string& part) {
    words += (words.empty() ? "" : ", ") + part;
  };
  if (const std::string memory = memory_in_words(limits); !memory.empty()) add("memory " + memory);
  if (each.open_files != 0) {
    add(std::to_string(std::min(each.open_files, most_open_files())) + " open files");
  }
  if (each.nice != 0 && may_have_nice(whole_nice(each.nice))) {
    add("nice " + std::to_string(whole_nice(each.nice)));
  }
  return words;
}

std::string limit_warning(const std::string& model, const config::Limits& limits) {
  std::string refused;
  const auto add = [&refused](const std::string& part) {
    refused += (refused.empty() ? "" : "; ") + part;
  };
  if (limits.memory_bytes != 0 && !can_limit_memory()) {
    add("this system does not hold a process to a limit of memory");
  }
  if (limits.open_files > most_open_files()) {
    add("it gets no more than " + std::to_string(most_open_files()) +
        " open files, which is the limit that corral runs under");
  }
  if (limits.nice != 0 && !may_have_nice(whole_nice(limits.nice))) {
    add("a nice value of " + std::to_string(whole_nice(limits.nice)) +
        " needs a permission that corral does not have");
  }
  if (refused.empty()) return {};
  return "the limits of '" + model + "' do not all hold: " + refused;
}

void name_limit(const ProcessLimits& limits, Failure& failure) {
  const std::string memory = memory_in_words(limits);
  if (memory.empty() || failure.cause != Cause::kOutOfMemory) return;
  failure.message += "; its limits allow it " + memory;
  failure.hint = "raise memory in its limits, or let it use less";
}

}  // namespace corral::engine
