// LogRing: the last bytes of an endless text. What a child prints goes in, whether or not somebody
// looks; followers read from an offset that only ever grows.
//
// Bytes are kept as they come: a follower that fell behind may find the middle of a line at
// begin(). Loop thread only. Memory is taken as the text grows, up to `capacity`.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "io/event.h"

namespace corral::io {

class LogRing {
 public:
  static constexpr std::size_t kCapacity = 100 * 1024;

  explicit LogRing(Loop& loop, std::size_t capacity = kCapacity);
  // Requires: nobody waits in past() any more.
  ~LogRing() = default;

  // Never fails and never waits: the oldest bytes give way.
  void append(std::string_view bytes);

  // Offsets count from the first byte that was ever appended; [begin, end) is what is kept.
  std::uint64_t begin() const { return end_ - bytes_.size(); }
  std::uint64_t end() const { return end_; }

  // What is kept from `offset` on. An offset that has given way already means begin(); one beyond
  // the end, nothing.
  std::string from(std::uint64_t offset) const;

  // Returns when end() > offset, at once if it is.
  Task<void> past(std::uint64_t offset);

 private:
  const std::size_t capacity_;
  std::string bytes_;       // grows up to capacity_, from then on a ring
  std::size_t oldest_ = 0;  // index of the oldest byte, 0 until the ring is full
  std::uint64_t end_ = 0;
  Event grown_;
};

}  // namespace corral::io
