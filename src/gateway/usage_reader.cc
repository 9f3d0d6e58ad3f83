#include "gateway/usage_reader.h"

#include <algorithm>
#include <array>
#include <cstdlib>
#include <utility>

#include "base/strings.h"

namespace corral::gateway {
namespace {

constexpr std::array<std::string_view, 2> kKeys = {"\"usage\"", "\"timings\""};
constexpr std::size_t kLongestObject = 8 * 1024;

bool is_space(char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\n'; }

bool is_of_number(char c) {
  return (c >= '0' && c <= '9') || c == '-' || c == '+' || c == '.' || c == 'e' || c == 'E';
}

void take(std::uint64_t& out, std::string_view number) {
  if (const std::optional<std::uint64_t> value = parse_u64(number)) out = *value;
}

// As exact as a speed needs to be.
void take(double& out, std::string_view number) {
  const std::size_t point = std::min(number.find('.'), number.size());
  const std::string_view fraction = number.substr(std::min(point + 1, number.size())).substr(0, 9);
  const std::optional<std::uint64_t> whole = parse_u64(number.substr(0, point));
  const std::optional<std::uint64_t> part = fraction.empty() ? 0 : parse_u64(fraction);
  if (!whole || !part) {
    const std::string text(number);  // an exponent, a sign
    out = std::strtod(text.c_str(), nullptr);
    return;
  }
  double scale = 1;
  for (std::size_t i = 0; i < fraction.size(); ++i) scale *= 10;
  out = static_cast<double>(*whole) + static_cast<double>(*part) / scale;
}

// The sizes of the names that note() knows, as bits: most names of an object are others.
constexpr std::uint32_t kNameSizes =
    1U << 7 | 1U << 8 | 1U << 11 | 1U << 12 | 1U << 13 | 1U << 17 | 1U << 20 | 1U << 23;

// The numbers of one object, by the names that they have in it. llama-server's `prompt_n` leaves
// out what came from the cache.
void note(telemetry::Usage& out, std::string_view name, std::string_view number) {
  struct Count {
    std::string_view name;
    std::uint64_t telemetry::Usage::* count;
  };
  constexpr std::array kCounts = {
      Count{"prompt_tokens", &telemetry::Usage::prompt_tokens},
      Count{"input_tokens", &telemetry::Usage::prompt_tokens},
      Count{"completion_tokens", &telemetry::Usage::generated_tokens},
      Count{"output_tokens", &telemetry::Usage::generated_tokens},
      Count{"predicted_n", &telemetry::Usage::generated_tokens},
      Count{"cached_tokens", &telemetry::Usage::cached_tokens},
      Count{"cache_read_input_tokens", &telemetry::Usage::cached_tokens},
      Count{"cache_n", &telemetry::Usage::cached_tokens},
      Count{"prompt_n", &telemetry::Usage::prompt_tokens},
  };
  if (name.size() > 23 || (kNameSizes >> name.size() & 1U) == 0) return;
  for (const Count& row : kCounts) {
    if (row.name != name) continue;
    take(out.*row.count, number);
    out.known = true;
  }
  if (name == "prompt_per_second") take(out.prompt_per_second, number);
  if (name == "predicted_per_second") take(out.generated_per_second, number);
}

constexpr std::array<bool, 256> make_marks() {
  std::array<bool, 256> table{};
  for (const char c : {'"', '\\', '{', '}'}) table[static_cast<unsigned char>(c)] = true;
  return table;
}

// The next byte from `at` on that can mean anything to the keeping of an object.
std::size_t skip_plain(std::string_view bytes, std::size_t at) {
  static constexpr std::array<bool, 256> kMarks = make_marks();
  while (at < bytes.size() && !kMarks[static_cast<unsigned char>(bytes[at])]) ++at;
  return at;
}

// The end of the string that begins before `at`; npos if it has none.
std::size_t end_of_string(std::string_view text, std::size_t at) {
  while (true) {
    at = text.find_first_of("\"\\", at);
    if (at == std::string_view::npos || text[at] == '"') return at;
    at += 2;
  }
}

// Calls on_number(name, number) for every number that has a name, however deep it stands.
template <class OnNumber>
void each_number(std::string_view text, OnNumber on_number) {
  std::size_t at = 0;
  const auto skip_spaces = [&] {
    while (at < text.size() && is_space(text[at])) ++at;
  };
  while ((at = text.find('"', at)) != std::string_view::npos) {
    const std::size_t end = end_of_string(text, at + 1);
    if (end == std::string_view::npos) return;
    const std::string_view name = text.substr(at + 1, end - at - 1);
    at = end + 1;
    skip_spaces();
    if (at >= text.size() || text[at] != ':') continue;
    ++at;
    skip_spaces();
    const std::size_t begin = at;
    while (at < text.size() && is_of_number(text[at])) ++at;
    if (at > begin) on_number(name, text.substr(begin, at - begin));
  }
}

void take_object(telemetry::Usage& out, std::string_view object) {
  std::optional<std::uint64_t> processed;
  each_number(object, [&](std::string_view name, std::string_view number) {
    note(out, name, number);
    if (name == "prompt_n") processed = parse_u64(number);
  });
  if (processed) out.prompt_tokens = *processed + out.cached_tokens;
}

// Where `key` stands, npos if nowhere. Its first letter is rarer than the quote before it.
std::size_t find_key(std::string_view bytes, std::string_view key) {
  std::size_t at = 0;
  while ((at = bytes.find(key.substr(1), at + 1)) != std::string_view::npos) {
    if (bytes[at - 1] == '"') return at - 1;
  }
  return at;
}

// How many bytes at the end of `bytes` are the beginning of `key`.
std::size_t begun_at_end(std::string_view bytes, std::string_view key) {
  for (std::size_t count = std::min(bytes.size(), key.size() - 1); count > 0; --count) {
    if (bytes.ends_with(key.substr(0, count))) return count;
  }
  return 0;
}

}  // namespace

UsageReader::Kind UsageReader::kind_of(std::string_view content_type) {
  if (content_type.starts_with("text/event-stream")) return Kind::kStream;
  if (content_type.starts_with("application/json")) return Kind::kDocument;
  return Kind::kNone;
}

void UsageReader::push(std::string_view bytes) {
  if (kind_ == Kind::kNone) return;
  while (!bytes.empty()) {
    const std::size_t taken = state_ == State::kSeeking ? seek(bytes) : go_on(bytes);
    bytes.remove_prefix(taken);
  }
}

// Looks for a key and for what the next piece may complete to one. Returns how far it got.
std::size_t UsageReader::seek(std::string_view bytes) {
  if (const std::size_t count = go_on_matching(bytes); count > 0) return count;
  std::size_t first = std::string_view::npos;
  std::size_t size = 0;
  for (const std::string_view key : kKeys) {
    const std::size_t found = find_key(bytes, key);
    if (found >= first) continue;
    first = found;
    size = key.size();
  }
  if (first != std::string_view::npos) {
    state_ = State::kColon;
    return first + size;
  }
  // No key holds a line's end, with which events end.
  if (bytes.ends_with('\n')) return bytes.size();
  for (const std::string_view key : kKeys) {
    const std::size_t count = begun_at_end(bytes, key);
    if (count > begun_.size()) begun_ = key.substr(0, count);
  }
  return bytes.size();
}

// The last piece ended in the beginning of a key, or of both. Returns what of `bytes` goes on with
// one.
std::size_t UsageReader::go_on_matching(std::string_view bytes) {
  const std::string_view begun = std::exchange(begun_, {});
  if (begun.empty()) return 0;
  for (const std::string_view key : kKeys) {
    if (!key.starts_with(begun)) continue;
    const std::string_view rest = key.substr(begun.size());
    const std::size_t count = std::min(rest.size(), bytes.size());
    if (bytes.substr(0, count) != rest.substr(0, count)) continue;
    if (count == rest.size()) {
      state_ = State::kColon;
    } else {
      begun_ = key.substr(0, begun.size() + count);
    }
    return count;
  }
  return 0;
}

// After a key: byte by byte to the end of its object, or to where it turns out not to have one.
std::size_t UsageReader::go_on(std::string_view bytes) {
  const auto inside = [&] { return state_ >= State::kInObject; };
  std::size_t at = 0;
  while (at < bytes.size() && (state_ == State::kColon || state_ == State::kBrace)) {
    step(bytes[at++]);
  }
  const std::size_t begin = at;
  while (at < bytes.size() && inside()) {
    if (state_ != State::kEscape) at = skip_plain(bytes, at);
    if (at < bytes.size()) step(bytes[at++]);
  }
  if (at > begin) keep(bytes.substr(begin, at - begin));
  return at;
}

void UsageReader::keep(std::string_view bytes) {
  if (object_.empty() && state_ == State::kSeeking) {
    take_object(usage_, bytes);
    return;
  }
  object_.append(bytes);
  if (object_.size() > kLongestObject) {
    object_.clear();
    state_ = State::kSeeking;
  } else if (state_ == State::kSeeking) {
    take_object(usage_, object_);
    object_.clear();
  }
}

void UsageReader::step(char c) {
  switch (state_) {
    case State::kSeeking: break;
    case State::kColon:
    case State::kBrace:
      if (is_space(c)) break;
      if (state_ == State::kColon && c == ':') {
        state_ = State::kBrace;
      } else if (state_ == State::kBrace && c == '{') {
        depth_ = 1;
        state_ = State::kInObject;
      } else {
        state_ = State::kSeeking;
      }
      break;
    case State::kInObject:
      if (c == '"') state_ = State::kInString;
      if (c == '{') ++depth_;
      if (c == '}' && --depth_ == 0) state_ = State::kSeeking;
      break;
    case State::kInString:
      if (c == '"') state_ = State::kInObject;
      if (c == '\\') state_ = State::kEscape;
      break;
    case State::kEscape: state_ = State::kInString; break;
  }
}

}  // namespace corral::gateway
