// Sums and products of sizes that a file claims: they stop at the largest number instead of
// beginning anew at zero, so that what is too large stays too large.
#pragma once

#include <cstdint>

namespace corral::gguf {

constexpr std::uint64_t plus(std::uint64_t a, std::uint64_t b) {
  return a > UINT64_MAX - b ? UINT64_MAX : a + b;
}

constexpr std::uint64_t times(std::uint64_t a, std::uint64_t b) {
  return a != 0 && b > UINT64_MAX / a ? UINT64_MAX : a * b;
}

// The next multiple of `step`, which is not 0.
constexpr std::uint64_t padded(std::uint64_t a, std::uint64_t step) {
  const std::uint64_t over = a % step;
  return over == 0 ? a : plus(a, step - over);
}

}  // namespace corral::gguf
