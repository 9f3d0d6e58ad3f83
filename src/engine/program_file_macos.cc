// macOS: Mach-O, source <mach-o/loader.h> and <mach-o/fat.h>. A universal file is left to the
// system, and so is an Intel program on Apple silicon, which Rosetta may run.
#include <mach-o/loader.h>
#include <sys/sysctl.h>

#include <cstring>

#include "engine/program_file.h"

namespace corral::engine {
namespace {

bool is_apple_silicon() {
  int value = 0;
  std::size_t size = sizeof value;
  return ::sysctlbyname("hw.optional.arm64", &value, &size, nullptr, 0) == 0 && value == 1;
}

}  // namespace

std::optional<ProgramFault> fault_of_binary(std::string_view head) {
  if (head.starts_with(std::string_view("\x7F"
                                        "ELF"))) {
    return ProgramFault{Cause::kNotExecutable, "is a program for Linux",
                        "install the one for macOS"};
  }
  if (head.starts_with(std::string_view("MZ"))) {
    return ProgramFault{Cause::kNotExecutable, "is a program for Windows",
                        "install the one for macOS"};
  }
  mach_header_64 header{};
  if (head.size() < sizeof header) return std::nullopt;
  std::memcpy(&header, head.data(), sizeof header);
  if (header.magic != MH_MAGIC_64) return std::nullopt;
  if (header.cputype == CPU_TYPE_ARM64 && !is_apple_silicon()) {
    return ProgramFault{Cause::kNotExecutable,
                        "is a program for Apple silicon and this machine is Intel",
                        "install the one for Intel"};
  }
  return std::nullopt;
}

}  // namespace corral::engine
