#include "io/block_cache.h"

#include <array>
#include <new>

namespace corral::io {

#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#define CORRAL_PLAIN_BLOCKS
#endif
#endif

#ifdef CORRAL_PLAIN_BLOCKS

void* allocate_block(std::size_t size) { return ::operator new(size); }
void free_block(void* block, std::size_t) noexcept { ::operator delete(block); }

#else

namespace {

constexpr std::size_t kStep = 64;      // sizes are rounded up to this
constexpr std::size_t kClasses = 128;  // larger blocks are not kept
constexpr std::size_t kKeptEach = 64;  // of one size; a burst gives its memory back

struct Free {
  Free* next;
};

struct Shelf {
  Free* first = nullptr;
  std::size_t count = 0;
};

// Trivial, so that blocks may be freed while the thread ends; what is kept then is never freed.
thread_local constinit std::array<Shelf, kClasses> shelves;

std::size_t class_of(std::size_t size) { return (size + kStep - 1) / kStep - 1; }

}  // namespace

void* allocate_block(std::size_t size) {
  const std::size_t which = class_of(size);
  if (which >= kClasses) return ::operator new(size);
  Shelf& shelf = shelves[which];
  if (shelf.first == nullptr) return ::operator new((which + 1) * kStep);
  Free* block = shelf.first;
  shelf.first = block->next;
  --shelf.count;
  return block;
}

void free_block(void* block, std::size_t size) noexcept {
  const std::size_t which = class_of(size);
  if (which >= kClasses || shelves[which].count >= kKeptEach) {
    ::operator delete(block);
    return;
  }
  Shelf& shelf = shelves[which];
  shelf.first = new (block) Free{shelf.first};
  ++shelf.count;
}

#endif

}  // namespace corral::io
