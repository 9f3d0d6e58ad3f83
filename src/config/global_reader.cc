#include "config/global_reader.h"

#include "base/strings.h"
#include "config/option_reader.h"
#include "config/option_values.h"
#include "config/scalar.h"

namespace corral::config {
namespace {

using Entry = Node::Entry;

Result<void> read_elsewhere(Reader&, const Entry&, Globals&) { return {}; }

Result<void> read_health_check_timeout(Reader& reader, const Entry& entry, Globals& out) {
  std::int64_t count = 0;
  const Result<void> done = reader.read(entry, count);
  constexpr std::int64_t kLeast = 15;  // llama-swap's rule, kept so that the same file works here
  if (done.has_value() && count < kLeast)
    reader.warn(entry.value.mark,
                "healthCheckTimeout is 15 at least, which is used; a model's "
                "startupTimeout may be less");
  out.config.health_check_timeout = to_seconds(std::max(count, kLeast));
  if (done.has_value()) {
    out.config.given.push_back(
        {"startupTimeout", entry.mark, std::to_string(out.config.health_check_timeout.count())});
  }
  return done;
}

Result<void> read_log_level(Reader& reader, const Entry& entry, Globals& out) {
  std::string text;
  const Result<void> done = reader.read(entry, text);
  if (!done.has_value()) return done;
  const std::vector<std::string> names = {"debug", "info", "warn", "error"};
  const std::string level = to_lower(trim(text));
  const auto found = std::find(names.begin(), names.end(), level);
  if (found != names.end()) {
    out.config.log_level = static_cast<LogLevel>(found - names.begin());
    return {};
  }
  const std::vector<std::string> near = nearest(level, names, 1);
  reader.warn(entry.value.mark, "logLevel has no level " + in_quotes(text) + ", info is used" +
                                    (near.empty() ? "; the levels are debug, info, warn and error"
                                                  : "; did you mean " + in_quotes(near[0]) + "?"));
  return {};
}

Result<void> read_start_port(Reader& reader, const Entry& entry, Globals& out) {
  std::int64_t port = 0;
  const Result<void> done = reader.read(entry, port);
  if (!done.has_value()) return done;
  if (port < 1 || port > 65535)
    return reader.wrong(entry.value.mark,
                        "startPort must be from 1 to 65535, not " + std::to_string(port));
  out.config.start_port = static_cast<std::uint16_t>(port);
  return {};
}

Result<void> read_global_ttl(Reader& reader, const Entry& entry, Globals& out) {
  std::int64_t count = 0;
  const Result<void> done = reader.read(entry, count);
  if (!done.has_value()) return done;
  if (count < 0)
    return reader.wrong(entry.value.mark,
                        "globalTTL must be 0 (never) or more, not " + std::to_string(count));
  out.ttl = to_seconds(count);
  return {};
}

// A key is never repeated in a message.
Result<void> read_api_keys(Reader& reader, const Entry& entry, Globals& out) {
  Result<void> done = reader.read(entry, out.config.api_keys);
  if (!done.has_value()) return done;
  for (std::size_t i = 0; i < out.config.api_keys.size(); ++i) {
    const std::string& key = out.config.api_keys[i];
    const Mark mark = entry.value.items[i].mark;
    if (key.empty()) return reader.wrong(mark, "apiKeys holds an empty key");
    const bool plain = std::ranges::all_of(key, [](char c) { return c > ' ' && c < '\x7F'; });
    if (!plain)
      return reader.wrong(mark,
                          "apiKeys holds a key with a space or another character that cannot "
                          "stand in a header; use letters, digits and marks");
  }
  return {};
}

Result<void> read_allowed_origins(Reader& reader, const Entry& entry, Globals& out) {
  Result<void> done = reader.read(entry, out.config.allowed_origins);
  if (!done.has_value()) return done;
  for (std::size_t i = 0; i < out.config.allowed_origins.size(); ++i) {
    const std::string& origin = out.config.allowed_origins[i];
    const std::size_t scheme = origin.find("://");
    const bool good = origin == "*" || (scheme != std::string::npos && scheme > 0 &&
                                        origin.find('/', scheme + 3) == std::string::npos);
    if (!good)
      return reader.wrong(entry.value.items[i].mark,
                          in_quotes(origin) +
                              " is not an origin; write it like "
                              "'https://chat.example.com', without a path, or '*'");
  }
  return {};
}

Result<void> read_allowed_hosts(Reader& reader, const Entry& entry, Globals& out) {
  return reader.read(entry, out.config.allowed_hosts);
}

// llama-swap's key, and its rule that 0 is the default.
Result<void> read_global_unload_timeout(Reader& reader, const Entry& entry, Globals& out) {
  std::chrono::milliseconds time{0};
  const Result<void> done = read_duration(reader, entry, std::chrono::milliseconds(0), time);
  if (!done.has_value() || time == std::chrono::milliseconds(0)) return done;
  out.unload_timeout = time;
  note_given(entry, out.config.given);
  return {};
}

Result<void> read_restore_last(Reader& reader, const Entry& entry, Globals& out) {
  return reader.read(entry, out.config.restore_last);
}

Result<void> read_continue_streams(Reader& reader, const Entry& entry, Globals& out) {
  return reader.read(entry, out.config.continue_streams);
}

Result<void> read_on_sleep(Reader& reader, const Entry& entry, Globals& out) {
  const Result<std::size_t> word = read_word(reader, entry, {"check", "stop", "nothing"});
  if (!word.has_value()) return std::unexpected(word.error());
  out.config.on_sleep = static_cast<OnSleep>(*word);
  return {};
}

Result<void> read_memory_pressure(Reader& reader, const Entry& entry, Globals& out) {
  const Result<std::size_t> word = read_word(reader, entry, {"unload", "ignore"});
  if (!word.has_value()) return std::unexpected(word.error());
  out.config.memory_pressure = static_cast<OnMemoryPressure>(*word);
  return {};
}

Result<void> read_preload(Reader& reader, const Entry& entry, Globals& out) {
  std::vector<std::string> names;
  const Result<void> done = reader.read(entry, names);
  if (!done.has_value()) return done;
  for (const Node& item : entry.value.items)
    out.preload.push_back({std::string(trim(item.text)), item.mark});
  return {};
}

constexpr Key<Globals> kStartKeys[] = {{"preload", read_preload}};

Result<void> read_on_startup(Reader& reader, const Entry& entry, Globals& out) {
  return reader.read_inner<Globals>(entry, kStartKeys, out);
}

constexpr Key<Globals> kHookKeys[] = {{"on_startup", read_on_startup}};

Result<void> read_hooks(Reader& reader, const Entry& entry, Globals& out) {
  return reader.read_inner<Globals>(entry, kHookKeys, out);
}

// Any of the options that have a default for all models.
Result<void> read_care(Reader& reader, const Entry& entry, Globals& out) {
  return read_default(reader, entry, out.care, out.config.given);
}

constexpr Key<Globals> kKeys[] = {
    {"macros", read_elsewhere},
    {"models", read_elsewhere},
    {"healthCheckTimeout", read_health_check_timeout},
    {"logLevel", read_log_level},
    {"startPort", read_start_port},
    {"globalTTL", read_global_ttl},
    {"apiKeys", read_api_keys},
    {"allowedOrigins", read_allowed_origins},
    {"allowedHosts", read_allowed_hosts},
    {"hooks", read_hooks},
    {"restoreLast", read_restore_last},
    {"continueStreams", read_continue_streams},
    {"onSleep", read_on_sleep},
    {"memoryPressure", read_memory_pressure},
    {"unloadTimeout", read_global_unload_timeout},
    {"limits", read_care},
    {"onOutOfMemory", read_care},
    {"canary", read_care},
    {"canaryInterval", read_care},
    {"degradedAbove", read_care},
    {"stuckAfter", read_care},
    {"readyCheck", read_care},
    {"captureBuffer", nullptr},
    {"groups", nullptr},
    {"includeAliasesInList", nullptr},
    {"logRequests", nullptr},
    {"logTimeFormat", nullptr},
    {"logToStdout", nullptr},
    {"matrix", nullptr},
    {"metricsMaxInMemory", nullptr},
    {"peers", nullptr},
    {"performance", nullptr},
    {"profiles", nullptr},
    {"routing", nullptr},
    {"selectors", nullptr},
    {"sendLoadingState", nullptr},
    {"store", nullptr},
    {"ui", nullptr},
    {"upstream", nullptr},
};

}  // namespace

std::chrono::seconds to_seconds(std::int64_t count) {
  constexpr std::int64_t kMost = 1'000'000'000;  // 31 years
  return std::chrono::seconds(std::min(count, kMost));
}

Globals read_globals(const Node& root, Reader& reader) {
  Globals globals;
  globals.config.file = reader.file();
  reader.read<Globals>(root, kKeys, globals);
  return globals;
}

}  // namespace corral::config
