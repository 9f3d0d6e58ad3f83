// TextStore: text that grows at its end and is read once, if at all. It lies in blocks, small ones
// first and then larger ones, so that a short text takes little and a long one is never copied.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "io/block_cache.h"

namespace corral::gateway {

class TextStore {
 public:
  // Allocates now and then, twice as much each time up to kLargest.
  void append(std::string_view text);
  std::size_t size() const { return size_; }
  std::string text() const;
  // Gives its memory back.
  void clear();

 private:
  static constexpr std::size_t kSmallest = 256;
  static constexpr std::size_t kLargest = 8192;

  std::vector<io::Block> blocks_;  // all are full but the last
  std::size_t room_ = 0;           // in the last
  std::size_t size_ = 0;
};

}  // namespace corral::gateway
