// Reads a Source from front to back in pieces, whatever sizes are asked for. Private to the room.
#pragma once

#include <array>
#include <cstring>
#include <vector>

#include "gguf/source.h"

namespace corral::gguf {

class Cursor {
 public:
  // `piece` bytes, not 0, are read at once.
  Cursor(const Source& source, std::size_t piece) : source_(source), buffer_(piece) {}

  std::uint64_t offset() const { return offset_; }
  std::uint64_t left() const { return source_.size - offset_; }

  Read<void> skip(std::uint64_t count) {
    if (count > left()) return cut();
    offset_ += count;
    return {};
  }

  Read<void> copy(std::span<std::byte> into) {
    if (into.size() > left()) return cut();
    while (!into.empty()) {
      if (offset_ < begin_ || offset_ >= begin_ + filled_) {
        const std::uint64_t count = left() < buffer_.size() ? left() : buffer_.size();
        begin_ = offset_;
        filled_ = 0;
        const Read<void> read = source_.read_at(offset_, std::span(buffer_).first(count));
        if (!read.has_value()) return read;
        filled_ = count;
      }
      const std::uint64_t there = begin_ + filled_ - offset_;
      const std::size_t count = there < into.size() ? static_cast<std::size_t>(there) : into.size();
      std::memcpy(into.data(), buffer_.data() + (offset_ - begin_), count);
      offset_ += count;
      into = into.subspan(count);
    }
    return {};
  }

  // A number as it lies there, least byte first, of up to eight bytes.
  Read<std::uint64_t> number(std::size_t bytes) {
    std::array<std::byte, 8> raw{};
    const Read<void> read = copy(std::span(raw).first(bytes));
    if (!read.has_value()) return std::unexpected(read.error());
    std::uint64_t value = 0;
    for (std::size_t i = 0; i < bytes; ++i) {
      value |= static_cast<std::uint64_t>(raw[i]) << (8 * i);
    }
    return value;
  }

 private:
  std::unexpected<Fault> cut() const {
    return fault(
        Fault::Kind::kCutShort,
        "is cut short: it ends after " + std::to_string(source_.size) + " bytes, within its header",
        "download it again");
  }

  const Source& source_;
  std::uint64_t offset_ = 0;
  std::vector<std::byte> buffer_;
  std::uint64_t begin_ = 0;  // of what the buffer holds
  std::uint64_t filled_ = 0;
};

}  // namespace corral::gguf
