#include "config/care_options.h"

#include "base/strings.h"
#include "config/option_values.h"
#include "config/quantity.h"
#include "config/scalar.h"

namespace corral::config {
namespace {

using Entry = Node::Entry;
using std::chrono::milliseconds;

Result<void> read_memory(Reader& reader, const Entry& entry, Limits& out) {
  const Node& node = entry.value;
  std::string text;
  const Result<void> done = reader.read(entry, text);
  if (!done.has_value()) return done;
  const std::optional<std::uint64_t> bytes = to_bytes(text);
  constexpr std::uint64_t kLeast = 1024 * 1024;  // a smaller one is a unit that was forgotten
  if (!bytes)
    return reader.wrong(node.mark, "memory must be a size such as 8GiB, not " + in_quotes(text));
  if (*bytes < kLeast && *bytes != 0)
    return reader.wrong(node.mark, "memory must be at least 1MiB, or 0 for no limit, not " +
                                       in_quotes(text) + "; write a unit such as GiB behind it");
  out.memory_bytes = *bytes;
  return {};
}

Result<void> read_open_files(Reader& reader, const Entry& entry, Limits& out) {
  std::optional<std::int64_t> count;
  const Result<void> done = read_whole(reader, entry, 0, 1'000'000'000, count);
  if (!done.has_value()) return done;
  constexpr std::int64_t kLeast = 32;  // with fewer no engine can start
  if (*count > 0 && *count < kLeast)
    return reader.wrong(entry.value.mark, "openFiles must be at least 32, or 0 for no limit, not " +
                                              std::to_string(*count));
  out.open_files = static_cast<std::uint64_t>(*count);
  return {};
}

Result<void> read_nice(Reader& reader, const Entry& entry, Limits& out) {
  std::optional<std::int64_t> nice;
  const Result<void> done = read_whole(reader, entry, -20, 19, nice);
  if (done.has_value()) out.nice = static_cast<int>(*nice);
  return done;
}

constexpr Key<Limits> kLimitKeys[] = {
    {"memory", read_memory},
    {"openFiles", read_open_files},
    {"nice", read_nice},
};

}  // namespace

Result<void> read_startup_timeout(Reader& reader, const Entry& entry, Model& out) {
  return read_duration(reader, entry, milliseconds(1), out.startup_timeout);
}

Result<void> read_unload_timeout(Reader& reader, const Entry& entry, Model& out) {
  milliseconds time{0};
  const Result<void> done = read_duration(reader, entry, milliseconds(0), time);
  // llama-swap's rule: 0 is the one of all models.
  if (done.has_value() && time > milliseconds(0)) out.unload_timeout = time;
  return done;
}

Result<void> read_keep(Reader& reader, const Entry& entry, Model& out) {
  return reader.read(entry, out.keep);
}

Result<void> read_limits(Reader& reader, const Entry& entry, Care& out) {
  return reader.read_inner<Limits>(entry, kLimitKeys, out.limits);
}

Result<void> read_on_out_of_memory(Reader& reader, const Entry& entry, Care& out) {
  const Result<std::size_t> word = read_word(reader, entry, {"fail", "reduce"});
  if (!word.has_value()) return std::unexpected(word.error());
  out.on_out_of_memory = *word == 0 ? OutOfMemory::kFail : OutOfMemory::kReduce;
  return {};
}

Result<void> read_canary(Reader& reader, const Entry& entry, Care& out) {
  const std::optional<bool> wanted = to_boolean(entry.value);
  if (entry.value.kind != Node::Kind::kScalar || !wanted)
    return reader.wrong(entry.value.mark,
                        "canary must be on or off, not " + described(entry.value));
  out.canary = *wanted;
  return {};
}

Result<void> read_canary_interval(Reader& reader, const Entry& entry, Care& out) {
  return read_duration(reader, entry, milliseconds(10), out.canary_interval);
}

Result<void> read_degraded_above(Reader& reader, const Entry& entry, Care& out) {
  return read_duration(reader, entry, milliseconds(1), out.degraded_above);
}

Result<void> read_stuck_after(Reader& reader, const Entry& entry, Care& out) {
  return read_duration(reader, entry, milliseconds(10), out.stuck_after);
}

Result<void> read_ready_check(Reader& reader, const Entry& entry, Care& out) {
  const Result<std::size_t> word = read_word(reader, entry, {"token", "health"});
  if (!word.has_value()) return std::unexpected(word.error());
  out.ready_check = *word == 0 ? ReadyCheck::kToken : ReadyCheck::kHealth;
  return {};
}

}  // namespace corral::config
