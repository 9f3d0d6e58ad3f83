#include "engine/arguments.h"

#include <algorithm>

#include "base/strings.h"

namespace corral::engine {
namespace {

bool is_one_of(std::string_view word, std::initializer_list<std::string_view> flags) {
  return std::ranges::find(flags, word) != flags.end();
}

// The value that the word at `i` gives to one of these flags.
std::optional<std::string_view> value_at(std::span<const std::string> words, std::size_t i,
                                         std::initializer_list<std::string_view> flags) {
  const std::string_view word = words[i];
  if (is_one_of(word, flags)) {
    return i + 1 < words.size() ? std::optional<std::string_view>(words[i + 1]) : std::nullopt;
  }
  const std::size_t equals = word.find('=');
  if (!word.starts_with('-') || equals == std::string_view::npos) return std::nullopt;
  if (!is_one_of(word.substr(0, equals), flags)) return std::nullopt;
  return word.substr(equals + 1);
}

}  // namespace

std::optional<std::string_view> Arguments::value(std::initializer_list<std::string_view> flags,
                                                 std::string_view variable) const {
  std::optional<std::string_view> found;
  if (!variable.empty()) {
    for (const std::string& entry : environment_) {
      const std::string_view view = entry;
      if (view.starts_with(variable) && view.substr(variable.size()).starts_with('=')) {
        found = view.substr(variable.size() + 1);
      }
    }
  }
  for (std::size_t i = 0; i < words_.size(); ++i) {
    const std::optional<std::string_view> here = value_at(words_, i, flags);
    if (here) found = here;
  }
  return found;
}

std::optional<std::uint64_t> Arguments::number(std::initializer_list<std::string_view> flags,
                                               std::string_view variable) const {
  const std::optional<std::string_view> text = value(flags, variable);
  return text ? parse_u64(*text) : std::nullopt;
}

std::optional<std::string_view> Arguments::last(
    std::initializer_list<std::string_view> switches) const {
  const auto found = std::find_if(words_.rbegin(), words_.rend(), [&](const std::string& word) {
    return is_one_of(word, switches);
  });
  return found == words_.rend() ? std::nullopt : std::optional<std::string_view>(*found);
}

std::vector<std::string> Arguments::list(std::initializer_list<std::string_view> flags) const {
  std::vector<std::string> found;
  for (std::size_t i = 0; i < words_.size(); ++i) {
    const std::optional<std::string_view> here = value_at(words_, i, flags);
    if (!here) continue;
    for (const std::string_view one : split(*here, ',')) {
      if (!one.empty()) found.emplace_back(one);
    }
  }
  return found;
}

}  // namespace corral::engine
