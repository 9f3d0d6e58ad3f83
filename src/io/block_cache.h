// Memory for what comes and goes with every request: coroutine frames, of which a request has a
// dozen, and the buffers of heads. Blocks that are free wait in a list per size for the next use.
// Without that each write of a streamed event would cost several allocations. Each thread has its
// own lists.
//
// Under AddressSanitizer every block is allocated and freed, so that a dangling one is caught.
#pragma once

#include <cstddef>
#include <utility>

namespace corral::io {

void* allocate_block(std::size_t size);
// `size` is that of the allocation.
void free_block(void* block, std::size_t size) noexcept;

// One owned block of bytes, or none.
class Block {
 public:
  Block() = default;
  explicit Block(std::size_t size) : data_(static_cast<char*>(allocate_block(size))), size_(size) {}
  Block(Block&& other) noexcept
      : data_(std::exchange(other.data_, nullptr)), size_(std::exchange(other.size_, 0)) {}
  Block& operator=(Block&& other) noexcept {
    std::swap(data_, other.data_);
    std::swap(size_, other.size_);
    return *this;
  }
  ~Block() {
    if (data_ != nullptr) free_block(data_, size_);
  }

  char* data() const { return data_; }
  std::size_t size() const { return size_; }

 private:
  char* data_ = nullptr;
  std::size_t size_ = 0;
};

}  // namespace corral::io
