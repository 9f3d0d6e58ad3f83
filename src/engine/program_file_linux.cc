// Linux: ELF, source elf(5). What our own executable is made for runs here, and what its processor
// can do besides; a kernel with emulators registered (binfmt_misc) may run anything.
#include <dirent.h>
#include <elf.h>
#include <unistd.h>

#include <cstring>
#include <fstream>
#include <memory>

#include "engine/program_file.h"

namespace corral::engine {
namespace {

constexpr std::string_view kMachO[] = {"\xCF\xFA\xED\xFE", "\xCA\xFE\xBA\xBE", "\xCE\xFA\xED\xFE"};

struct Elf {
  unsigned char bits = 0;
  unsigned char order = 0;
  std::uint16_t machine = 0;
};

// Nothing if it is no ELF.
std::optional<Elf> elf_of(std::string_view head) {
  if (head.size() < 20 || !head.starts_with(std::string_view(ELFMAG, SELFMAG))) return std::nullopt;
  Elf elf;
  elf.bits = static_cast<unsigned char>(head[EI_CLASS]);
  elf.order = static_cast<unsigned char>(head[EI_DATA]);
  const auto low = static_cast<unsigned char>(head[18]);
  const auto high = static_cast<unsigned char>(head[19]);
  const bool big = elf.order == ELFDATA2MSB;
  elf.machine = static_cast<std::uint16_t>(big ? low << 8 | high : high << 8 | low);
  return elf;
}

std::optional<Elf> own_elf() {
  std::ifstream file("/proc/self/exe", std::ios::binary);
  char head[64] = {};
  file.read(head, sizeof head);
  return elf_of({head, static_cast<std::size_t>(file.gcount())});
}

std::string machine_name(const Elf& elf) {
  switch (elf.machine) {
    case EM_X86_64: return "x86-64";
    case EM_386: return "32-bit x86";
    case EM_AARCH64: return "64-bit ARM";
    case EM_ARM: return "32-bit ARM";
    case EM_RISCV: return "RISC-V";
    case EM_PPC64: return "PowerPC";
    case EM_S390: return "s390";
    default: return "processor type " + std::to_string(elf.machine);
  }
}

bool runs_on(const Elf& program, const Elf& own) {
  if (program.machine == own.machine) return program.order == own.order;
  return (own.machine == EM_X86_64 && program.machine == EM_386) ||
         (own.machine == EM_AARCH64 && program.machine == EM_ARM);
}

bool has_emulators() {
  const auto close = [](DIR* open) { ::closedir(open); };
  const std::unique_ptr<DIR, decltype(close)> open(::opendir("/proc/sys/fs/binfmt_misc"), close);
  if (open == nullptr) return false;
  while (const dirent* entry = ::readdir(open.get())) {
    const std::string_view name = entry->d_name;
    if (name != "." && name != ".." && name != "register" && name != "status") return true;
  }
  return false;
}

// The loader that a dynamic 64-bit program asks for, as far as its table lies in these bytes.
std::string loader_of(std::string_view head) {
  if (head.size() < sizeof(Elf64_Ehdr)) return {};
  Elf64_Ehdr header{};
  std::memcpy(&header, head.data(), sizeof header);
  for (std::uint64_t i = 0; i < header.e_phnum; ++i) {
    if (header.e_phoff > head.size() ||
        head.size() - header.e_phoff < (i + 1) * sizeof(Elf64_Phdr)) {
      return {};
    }
    Elf64_Phdr part{};
    std::memcpy(&part, head.data() + header.e_phoff + i * sizeof part, sizeof part);
    if (part.p_type != PT_INTERP) continue;
    if (part.p_offset > head.size() || head.size() - part.p_offset < part.p_filesz) return {};
    const std::string_view text = head.substr(part.p_offset, part.p_filesz);
    return std::string(text.substr(0, text.find('\0')));
  }
  return {};
}

}  // namespace

std::optional<ProgramFault> fault_of_binary(std::string_view head) {
  for (const std::string_view magic : kMachO) {
    if (head.starts_with(magic) && !has_emulators()) {
      return ProgramFault{Cause::kNotExecutable, "is a program for macOS",
                          "install the one for Linux"};
    }
  }
  if (head.starts_with(std::string_view("MZ")) && !has_emulators()) {
    return ProgramFault{Cause::kNotExecutable, "is a program for Windows",
                        "install the one for Linux"};
  }
  const std::optional<Elf> program = elf_of(head);
  const std::optional<Elf> own = own_elf();
  if (!program || !own) return std::nullopt;
  if (!runs_on(*program, *own)) {
    if (has_emulators()) return std::nullopt;
    return ProgramFault{
        Cause::kNotExecutable,
        "is a program for " + machine_name(*program) + " and this machine is " + machine_name(*own),
        "install the one for this machine"};
  }
  if (program->machine != own->machine || program->bits != ELFCLASS64) return std::nullopt;
  const std::string loader = loader_of(head);
  if (loader.empty() || ::access(loader.c_str(), F_OK) == 0) return std::nullopt;
  return ProgramFault{Cause::kMissingLibrary, "needs " + loader + ", which is not there",
                      "it was built for another Linux: install one for this system, or that "
                      "system's C library"};
}

}  // namespace corral::engine
