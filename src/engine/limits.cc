#include "engine/limits.h"

#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <vector>

#include "base/strings.h"

namespace corral::engine {
namespace {

constexpr const char* kName = "CORRAL_LIMITS";
constexpr std::uint64_t kMiB = 1024 * 1024;

void complain(const char* what) {
  std::fprintf(stderr, "corral: cannot limit %s of this engine: %s\n", what, std::strerror(errno));
}

// The nice value that adds to our own, within what systems know.
int whole_nice(int added) { return std::clamp(::getpriority(PRIO_PROCESS, 0) + added, -20, 19); }

// As many as the system allows, which only the superuser may raise.
std::uint64_t most_open_files() {
  rlimit limit{};
  if (::geteuid() == 0 || ::getrlimit(RLIMIT_NOFILE, &limit) != 0) return UINT64_MAX;
  return limit.rlim_max;
}

}  // namespace

std::string limits_entry(const config::Limits& limits) {
  if (limits == config::Limits{}) return {};
  return std::string(kName) + "=" + std::to_string(limits.memory_bytes) + "," +
         std::to_string(limits.open_files) + "," + std::to_string(limits.nice);
}

config::Limits take_limits() {
  config::Limits limits;
  const char* value = std::getenv(kName);
  if (value == nullptr) return limits;
  const std::vector<std::string_view> words = split(value, ',');
  if (words.size() == 3) {
    limits.memory_bytes = parse_u64(words[0]).value_or(0);
    limits.open_files = parse_u64(words[1]).value_or(0);
    std::from_chars(words[2].data(), words[2].data() + words[2].size(), limits.nice);
  }
  ::unsetenv(kName);
  return limits;
}

void apply_limits(const config::Limits& limits) {
  if (limits.nice != 0) {
    const int nice = whole_nice(limits.nice);
    if (::setpriority(PRIO_PROCESS, 0, nice) != 0) {
      complain("the CPU priority");
    } else {
      set_session_nice(nice);
    }
  }
  if (limits.open_files != 0) {
    const rlim_t count = std::min(limits.open_files, most_open_files());
    const rlimit files{.rlim_cur = count, .rlim_max = count};
    if (::setrlimit(RLIMIT_NOFILE, &files) != 0) complain("the open files");
  }
  const bool memory = limits.memory_bytes != 0 && can_limit_memory();
  if (memory && !limit_memory(limits.memory_bytes)) complain("the memory");
}

std::string limits_in_words(const config::Limits& limits) {
  std::string words;
  const auto add = [&words](const std::string& part) {
    words += (words.empty() ? "" : ", ") + part;
  };
  if (limits.memory_bytes != 0 && can_limit_memory()) {
    add("memory " + std::to_string(limits.memory_bytes / kMiB) + " MiB for each process");
  }
  if (limits.open_files != 0) {
    add(std::to_string(std::min(limits.open_files, most_open_files())) + " open files");
  }
  if (limits.nice != 0 && may_have_nice(whole_nice(limits.nice))) {
    add("nice " + std::to_string(whole_nice(limits.nice)));
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

void name_limit(const config::Limits& limits, Failure& failure) {
  const bool limited = limits.memory_bytes != 0 && can_limit_memory();
  if (!limited || failure.cause != Cause::kOutOfMemory) return;
  failure.message += "; its limits allow each of its processes " +
                     std::to_string(limits.memory_bytes / kMiB) + " MiB";
  failure.hint = "raise memory in its limits, or let it use less";
}

}  // namespace corral::engine
