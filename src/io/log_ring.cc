#include "io/log_ring.h"

#include <algorithm>

namespace corral::io {

LogRing::LogRing(Loop& loop, std::size_t capacity) : capacity_(capacity), grown_(loop) {
  CHECK(capacity > 0);
}

void LogRing::append(std::string_view bytes) {
  if (bytes.empty()) return;
  end_ += bytes.size();
  if (bytes.size() >= capacity_) {
    bytes_.assign(bytes.substr(bytes.size() - capacity_));
    oldest_ = 0;
  } else {
    const std::size_t room = std::min(capacity_ - bytes_.size(), bytes.size());
    bytes_.append(bytes.substr(0, room));
    bytes.remove_prefix(room);
    while (!bytes.empty()) {
      const std::size_t count = std::min(bytes.size(), capacity_ - oldest_);
      std::copy_n(bytes.data(), count, bytes_.data() + oldest_);
      bytes.remove_prefix(count);
      oldest_ = (oldest_ + count) % capacity_;
    }
  }
  // Wakes those who wait now; the next wait begins anew.
  grown_.set();
  grown_.clear();
}

std::string LogRing::from(std::uint64_t offset) const {
  if (offset >= end_) return "";
  const auto skip = static_cast<std::size_t>(std::max(offset, begin()) - begin());
  const std::string_view old = std::string_view(bytes_).substr(oldest_);
  const std::string_view young = std::string_view(bytes_).substr(0, oldest_);
  if (skip >= old.size()) return std::string(young.substr(skip - old.size()));
  return std::string(old.substr(skip)).append(young);
}

Task<void> LogRing::past(std::uint64_t offset) {
  while (end_ <= offset) co_await grown_.wait();
}

}  // namespace corral::io
