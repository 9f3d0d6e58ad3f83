#include "engine/program_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>
#include <algorithm>
#include <array>

#include <cerrno>
#include <system_error>

#include "base/strings.h"

namespace corral::engine {
namespace {

constexpr std::array<std::string_view, 18> kElsewhere = {
    "docker",    "docker-compose", "com.docker.cli", "podman",      "podman-remote", "nerdctl",
    "ssh",       "kubectl",        "apptainer",      "singularity", "chroot",        "flatpak",
    "distrobox", "systemd-run",    "srun",           "bwrap",       "nsenter",       "limactl"};

constexpr std::size_t kHeadBytes = 4096;

bool is_executable_file(const std::string& path) {
  struct stat found{};
  return ::stat(path.c_str(), &found) == 0 && S_ISREG(found.st_mode) &&
         ::access(path.c_str(), X_OK) == 0;
}

// The first bytes of a regular file; empty if it cannot be read, which need not hinder execution.
std::string head_of(const std::string& path) {
  int descriptor = -1;
  do {
    descriptor = ::open(path.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC | O_NOCTTY);
  } while (descriptor < 0 && errno == EINTR);
  if (descriptor < 0) return {};
  std::string head(kHeadBytes, '\0');
  ssize_t count = 0;
  do {
    count = ::pread(descriptor, head.data(), head.size(), 0);
  } while (count < 0 && errno == EINTR);
  ::close(descriptor);
  head.resize(count > 0 ? static_cast<std::size_t>(count) : 0);
  return head;
}

// "#!/usr/bin/env python3": the system executes what stands first.
std::optional<ProgramFault> fault_of_script(std::string_view head) {
  const std::string_view line = trim(head.substr(2, head.find('\n') - 2));
  const std::string interpreter(line.substr(0, line.find_first_of(" \t")));
  if (interpreter.empty() || is_executable_file(interpreter)) return std::nullopt;
  return ProgramFault{Cause::kNotExecutable,
                      "is a script for " + interpreter + ", which is not there or cannot be run",
                      "install that program, or correct the first line of the script"};
}

}  // namespace

std::string find_program(const std::string& name, std::span<const std::string> environment) {
  if (name.find('/') != std::string::npos) return name;
  std::string_view folders = "/bin:/usr/bin";
  for (const std::string& entry : environment) {
    if (entry.starts_with("PATH=")) folders = std::string_view(entry).substr(5);
  }
  for (const std::string_view folder : split(folders, ':')) {
    const std::string path = (folder.empty() ? "." : std::string(folder)) + "/" + name;
    if (is_executable_file(path)) return path;
  }
  return {};
}

std::optional<ProgramFault> fault_of_program(const std::string& path) {
  struct stat found{};
  const auto says = [] { return std::generic_category().message(errno); };
  if (::stat(path.c_str(), &found) != 0) {
    if (errno != ENOENT && errno != ENOTDIR) {
      return ProgramFault{Cause::kNotExecutable, "cannot be reached: " + says(), ""};
    }
    const char* hint = path.starts_with("~/")
                           ? "write the whole path: no shell replaces '~' here"
                           : "install it, or correct its path in the model's cmd";
    return ProgramFault{Cause::kNotExecutable, "does not exist", hint};
  }
  if (S_ISDIR(found.st_mode)) {
    return ProgramFault{Cause::kNotExecutable, "is a folder", "name the program in it"};
  }
  if (!S_ISREG(found.st_mode)) {
    return ProgramFault{Cause::kNotExecutable, "is no regular file", "name a program in cmd"};
  }
  if (::access(path.c_str(), X_OK) != 0) {
    return ProgramFault{Cause::kNotExecutable, "may not be executed: " + says(),
                        "allow it with chmod +x, or move it to a file system that is not noexec"};
  }
  if (found.st_size == 0) {
    return ProgramFault{Cause::kNotExecutable, "is empty", "install it again"};
  }
  const std::string head = head_of(path);
  if (head.starts_with("#!")) return fault_of_script(head);
  return fault_of_binary(head);
}

bool is_binary(const std::string& path) {
  const std::string head = head_of(path);
  return !head.empty() && head.substr(0, 256).find('\0') != std::string::npos;
}

bool runs_elsewhere(std::string_view program) {
  const std::string_view name = program.substr(program.rfind('/') + 1);
  return std::ranges::find(kElsewhere, name) != kElsewhere.end();
}

}  // namespace corral::engine
