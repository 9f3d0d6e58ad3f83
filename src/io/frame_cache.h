// Memory for coroutine frames. Every awaited task has a frame, a request a dozen, and they are of
// few sizes: those that have ended wait in a list per size for the next. Without that each write of
// a streamed event would cost several allocations. Each thread has its own lists.
//
// Under AddressSanitizer every frame is allocated and freed, so that a dangling one is caught.
#pragma once

#include <cstddef>

namespace corral::io::detail {

void* allocate_frame(std::size_t size);
void free_frame(void* frame, std::size_t size) noexcept;

}  // namespace corral::io::detail
