#include "gateway/text_store.h"

#include <algorithm>
#include <cstring>

namespace corral::gateway {

void TextStore::append(std::string_view text) {
  size_ += text.size();
  while (!text.empty()) {
    if (room_ == 0) {
      const std::size_t last = blocks_.empty() ? 0 : blocks_.back().size();
      blocks_.emplace_back(std::clamp(last * 2, kSmallest, kLargest));
      room_ = blocks_.back().size();
    }
    const io::Block& block = blocks_.back();
    const std::size_t count = std::min(room_, text.size());
    std::memcpy(block.data() + block.size() - room_, text.data(), count);
    room_ -= count;
    text.remove_prefix(count);
  }
}

std::string TextStore::text() const {
  std::string all;
  all.reserve(size_);
  for (const io::Block& block : blocks_) {
    const bool last = &block == &blocks_.back();
    all.append(block.data(), block.size() - (last ? room_ : 0));
  }
  return all;
}

void TextStore::clear() {
  blocks_.clear();
  blocks_.shrink_to_fit();
  room_ = 0;
  size_ = 0;
}

}  // namespace corral::gateway
