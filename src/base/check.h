// CHECK is for broken invariants of our own code, never for input: it prints the place and aborts.
#pragma once

namespace corral {

[[noreturn]] void check_failed(const char* expression, const char* file, int line);

}  // namespace corral

#define CHECK(expression) \
  ((expression) ? static_cast<void>(0) : ::corral::check_failed(#expression, __FILE__, __LINE__))
