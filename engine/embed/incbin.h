// Puts a file's bytes into the object file, on ELF and on Mach-O. #embed would do, but no compiler
// of ours has it.
#pragma once

#include <cstddef>
#include <string_view>

#ifdef __APPLE__
#define CORRAL_INCBIN_SECTION(name) ".section __DATA,__const\n"
#define CORRAL_INCBIN_SYMBOL(name) "_" #name
#define CORRAL_INCBIN_END ".text\n"
#else
#define CORRAL_INCBIN_SECTION(name) ".pushsection .rodata." #name ",\"a\",%progbits\n"
#define CORRAL_INCBIN_SYMBOL(name) #name
#define CORRAL_INCBIN_END ".popsection\n"
#endif

// Defines `std::string_view name_bytes()` over the content of the file `path`, a string literal.
// clang-format off
#define CORRAL_INCBIN(name, path)                                                                  \
  __asm__(CORRAL_INCBIN_SECTION(name)                                                              \
          ".globl " CORRAL_INCBIN_SYMBOL(name) "_begin\n"                                          \
          ".globl " CORRAL_INCBIN_SYMBOL(name) "_end\n"                                            \
          ".balign 64\n"                                                                           \
          CORRAL_INCBIN_SYMBOL(name) "_begin:\n"                                                   \
          ".incbin \"" path "\"\n"                                                                 \
          CORRAL_INCBIN_SYMBOL(name) "_end:\n"                                                     \
          ".byte 0\n"                                                                              \
          CORRAL_INCBIN_END);                                                                      \
  extern "C" const char name##_begin[];                                                            \
  extern "C" const char name##_end[];                                                              \
  static std::string_view name##_bytes() {                                                         \
    return {name##_begin, static_cast<std::size_t>(name##_end - name##_begin)};                    \
  }
// clang-format on
