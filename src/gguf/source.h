// Where the bytes of a GGUF file come from, and what may be wrong with it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <expected>
#include <functional>
#include <span>
#include <string>
#include <string_view>

#include "base/descriptor.h"

namespace corral::gguf {

// What is wrong with a file, in words that continue a sentence that begins with the file's name,
// "is a folder", and what to do about it, "name a model file in it"; the latter may be empty.
struct Fault {
  enum class Kind {
    kMissing,      // there is no such file
    kUnreadable,   // it is no regular file, or the system refuses to read it
    kNoGguf,       // it is something else
    kUnsupported,  // a GGUF of a version, byte order or type that llama.cpp does not read
    kBroken,       // it contradicts itself or the format
    kCutShort,     // it ends before it should
    kChanged,      // it was written or replaced while it was read
  };
  Kind kind = Kind::kBroken;
  std::string words;
  std::string hint{};
};

template <class T>
using Read = std::expected<T, Fault>;

inline std::unexpected<Fault> fault(Fault::Kind kind, std::string words, std::string hint = {}) {
  return std::unexpected<Fault>(Fault{kind, std::move(words), std::move(hint)});
}

// A file of a known size. `read_at` fills all of `into` from that offset; it is never asked for
// bytes beyond `size`.
struct Source {
  std::uint64_t size = 0;
  std::function<Read<void>(std::uint64_t offset, std::span<std::byte> into)> read_at;
};

// A regular file, open for reading. Never waits for a fifo's writer.
class File {
 public:
  static Read<File> open(const std::string& path);

  std::uint64_t size() const { return stamp_.size; }
  // Reads this file, which must outlive it.
  Source source() const;
  // kChanged unless the file is, as open and under its path, what it was when it was opened: same
  // file, same size, not written since.
  Read<void> unchanged() const;

 private:
  // Which file it is and when it was written last.
  struct Stamp {
    std::uint64_t device = 0;
    std::uint64_t inode = 0;
    std::uint64_t size = 0;
    std::int64_t written = 0;
    bool operator==(const Stamp&) const = default;
  };
  File() = default;
  Read<Stamp> stamp() const;
  Read<void> read_at(std::uint64_t offset, std::span<std::byte> into) const;

  std::string path_;
  Descriptor descriptor_;
  Stamp stamp_;
};

}  // namespace corral::gguf
