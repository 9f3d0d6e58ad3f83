#include "config/option_values.h"

#include "base/strings.h"
#include "config/quantity.h"
#include "config/scalar.h"

namespace corral::config {
namespace {

using Entry = Node::Entry;
using std::chrono::milliseconds;

std::string listed(const std::vector<std::string>& words) {
  std::string text;
  for (std::size_t i = 0; i < words.size(); ++i)
    text += (i == 0 ? "" : i + 1 == words.size() ? " or " : ", ") + words[i];
  return text;
}

}  // namespace

Result<void> read_whole(const Reader& reader, const Entry& entry, std::int64_t least,
                        std::int64_t most, std::optional<std::int64_t>& out) {
  std::int64_t number = 0;
  const Result<void> done = reader.read(entry, number);
  if (!done.has_value()) return done;
  if (number < least || number > most)
    return reader.wrong(entry.value.mark, entry.key + " must be from " + std::to_string(least) +
                                              " to " + std::to_string(most) + ", not " +
                                              std::to_string(number));
  out = number;
  return {};
}

Result<std::size_t> read_word(const Reader& reader, const Entry& entry,
                              const std::vector<std::string>& words) {
  std::string text;
  const Result<void> done = reader.read(entry, text);
  if (!done.has_value()) return std::unexpected(done.error());
  const auto found = std::ranges::find(words, to_lower(trim(text)));
  if (found != words.end()) return static_cast<std::size_t>(found - words.begin());
  const std::vector<std::string> near = nearest(to_lower(trim(text)), words, 1);
  return reader.wrong(
      entry.value.mark,
      entry.key + " must be " + listed(words) + ", not " + in_quotes(text) +
          (near.empty() || words.size() < 4 ? "" : "; did you mean " + in_quotes(near[0]) + "?"));
}

Result<void> read_path(const Reader& reader, const Entry& entry, std::string& out) {
  std::string text;
  const Result<void> done = reader.read(entry, text);
  if (!done.has_value()) return done;
  out = std::string(trim(text));
  if (out.empty()) return reader.wrong(entry.value.mark, entry.key + " is empty; give it a path");
  return {};
}

Result<void> read_duration(const Reader& reader, const Entry& entry, milliseconds least,
                           milliseconds& out) {
  std::string text;
  const Result<void> done = reader.read(entry, text);
  if (!done.has_value()) return done;
  const std::optional<milliseconds> time = to_duration(text);
  if (!time)
    return reader.wrong(entry.value.mark,
                        entry.key +
                            " must be a number of seconds, or a time such as 500ms or 5m, "
                            "not " +
                            described(entry.value));
  if (*time < least)
    return reader.wrong(entry.value.mark, entry.key + " must be at least " +
                                              std::to_string(least.count()) + "ms, not " +
                                              in_quotes(text));
  out = *time;
  return {};
}

}  // namespace corral::config
