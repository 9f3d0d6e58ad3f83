// How many file descriptors this process may have open.
#pragma once

#include <cstddef>

namespace corral::io {

// Raises the soft limit to `wanted`, or as far as the hard limit allows, and returns what is
// allowed now. A limit that is higher already stays. Child processes inherit it.
std::size_t raise_descriptor_limit(std::size_t wanted);

}  // namespace corral::io
