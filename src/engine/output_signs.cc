#include "engine/output_signs.h"

#include <algorithm>
#include <array>
#include <vector>

#include "base/strings.h"
#include "engine/last_lines.h"

namespace corral::engine {
namespace {

struct Words {
  Cause cause;
  bool at_start_only;
  std::string_view text;  // lower case
};

// The first row that fits any line wins: what comes first leads to what comes later. A graphics
// card that is full makes a model fail to load, and then the program.
constexpr Words kWords[] = {
    {Cause::kGpuOutOfMemory, false, "cudamalloc failed: out of memory"},
    {Cause::kGpuOutOfMemory, false, "cuda error: out of memory"},
    {Cause::kGpuOutOfMemory, false, "cuda out of memory"},
    {Cause::kGpuOutOfMemory, false, "hip out of memory"},
    {Cause::kGpuOutOfMemory, false, "hip error: out of memory"},
    {Cause::kGpuOutOfMemory, false, "erroroutofdevicememory"},
    {Cause::kGpuOutOfMemory, false, "outofdevicememory"},
    {Cause::kGpuOutOfMemory, false, "kiogpucommandbuffercallbackerroroutofmemory"},
    {Cause::kGpuOutOfMemory, false, "error: failed to allocate buffer, size ="},  // Metal's
    {Cause::kGpuOutOfMemory, false, "failed to allocate cuda"},
    {Cause::kGpuOutOfMemory, false, "failed to allocate rocm"},
    {Cause::kGpuOutOfMemory, false, "failed to allocate vulkan"},
    {Cause::kGpuOutOfMemory, false, "failed to allocate metal"},
    {Cause::kGpuOutOfMemory, false, "unable to allocate cuda"},
    {Cause::kGpuOutOfMemory, false, "unable to allocate rocm"},
    {Cause::kGpuOutOfMemory, false, "unable to allocate vulkan"},
    {Cause::kGpuOutOfMemory, false, "unable to allocate metal"},
    {Cause::kOutOfMemory, false, "insufficient memory"},
    {Cause::kOutOfMemory, false, "std::bad_alloc"},
    {Cause::kOutOfMemory, false, "cannot allocate memory"},
    {Cause::kOutOfMemory, false, "failed to allocate buffer"},
    {Cause::kOutOfMemory, false, "failed to allocate cpu"},
    {Cause::kOutOfMemory, false, "failed to allocate compute"},
    {Cause::kOutOfMemory, false, "failed to allocate output buffer"},
    {Cause::kOutOfMemory, false, "unable to allocate"},
    {Cause::kOutOfMemory, false, "memoryerror"},
    {Cause::kOutOfMemory, false, "mem_buffer != null"},  // ggml's own assertion
    {Cause::kNoResources, false, "too many open files"},
    {Cause::kNoResources, false, "resource temporarily unavailable"},
    {Cause::kUnsupportedModel, true, "unknown model architecture"},
    {Cause::kUnsupportedModel, true, "unknown (magic, version) combination"},
    {Cause::kMissingLibrary, true, "error while loading shared libraries"},
    {Cause::kMissingLibrary, true, "library not loaded"},
    {Cause::kMissingLibrary, true, "version `glibc"},
    {Cause::kMissingLibrary, true, "modulenotfounderror"},
    {Cause::kPortTaken, true, "couldn't bind http server socket"},
    {Cause::kPortTaken, true, "address already in use"},
    {Cause::kBadArguments, true, "error: invalid argument"},
    {Cause::kBadArguments, true, "error while handling argument"},
    {Cause::kBadArguments, true, "unknown argument"},
    {Cause::kBadArguments, true, "unrecognized arguments"},
    {Cause::kBadArguments, true, "unrecognized option"},
    {Cause::kBadArguments, true, "unknown option"},
    {Cause::kMissingFile, true, "(no such file or directory)"},
    {Cause::kBadFile, true, "error loading model"},
    {Cause::kBadFile, true, "invalid magic characters"},
    {Cause::kBadFile, true, "failed to load model"},
    {Cause::kAssertion, false, "ggml_assert"},
    {Cause::kAssertion, false, "ggml_abort"},
    {Cause::kAssertion, false, "assertion `"},
    {Cause::kAssertion, false, "assertion failed"},
    {Cause::kAssertion, false, "terminate called after throwing"},
    {Cause::kAssertion, false, "libc++abi: terminating"},
};

// "0.00.012.692 E llama_model_load: error ..." from where the level ends.
std::string_view without_prefix(std::string_view line) {
  const std::size_t level = line.find(' ');
  if (level == std::string_view::npos || level + 3 > line.size()) return line;
  const bool timed = std::ranges::all_of(line.substr(0, level),
                                         [](char c) { return c == '.' || (c >= '0' && c <= '9'); });
  const bool levelled = std::string_view("DIWE").find(line[level + 1]) != std::string_view::npos &&
                        line[level + 2] == ' ';
  return timed && levelled ? trim(line.substr(level + 3)) : line;
}

bool is_memory(Cause cause) {
  return cause == Cause::kGpuOutOfMemory || cause == Cause::kOutOfMemory;
}

// Memory that led to an assertion was short just before it.
constexpr std::ptrdiff_t kLinesBeforeAssertion = 5;

bool may_explain(const Words& words, EndKind kind) {
  switch (kind) {
    case EndKind::kAtStart: return true;
    case EndKind::kAborted: return !words.at_start_only;
    case EndKind::kExited: return !words.at_start_only && words.cause != Cause::kAssertion;
  }
  return false;
}

struct Line {
  std::string text;
  std::string lower;
};
using Lines = std::vector<Line>;

Lines::const_reverse_iterator last_with(const Lines& lines, std::string_view words) {
  return std::find_if(lines.crbegin(), lines.crend(), [words](const Line& line) {
    return line.lower.find(words) != std::string::npos;
  });
}

Lines::const_reverse_iterator last_with(const Lines& lines, Cause cause) {
  Lines::const_reverse_iterator last = lines.crend();
  for (const Words& words : kWords) {
    if (words.cause == cause) last = std::min(last, last_with(lines, words.text));
  }
  return last;
}

}  // namespace

std::optional<Sign> find_sign(std::string_view output, EndKind kind) {
  Lines lines;
  for (const std::string_view raw : split(output, '\n')) {
    std::string text = plain_line(raw);
    std::string lower = to_lower(text);
    lines.push_back({std::move(text), std::move(lower)});
  }
  const auto assertion =
      kind == EndKind::kAborted ? last_with(lines, Cause::kAssertion) : lines.crend();
  for (const Words& words : kWords) {
    if (!may_explain(words, kind)) continue;
    const auto last = last_with(lines, words.text);
    if (last == lines.crend()) continue;
    const bool before = assertion != lines.crend() && last - assertion > kLinesBeforeAssertion;
    if (before && is_memory(words.cause)) continue;
    constexpr std::size_t kMost = 300;
    return Sign{words.cause, std::string(beginning_of(without_prefix(last->text), kMost))};
  }
  return std::nullopt;
}

}  // namespace corral::engine
