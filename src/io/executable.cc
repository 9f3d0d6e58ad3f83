#include "io/executable.h"

#include <unistd.h>
#include <uv.h>

#include <array>

#include "io/uv_error.h"

namespace corral::io {

Result<std::string> executable_path() {
  std::array<char, 4096> path;
  std::size_t size = path.size();
  const int status = uv_exepath(path.data(), &size);
  if (status != 0) return std::unexpected(uv_error("finding our own program file", status));
  return std::string(path.data(), size);
}

std::string executable_image(const std::string& path) {
  // The child looks the name up, and is a copy of us until it has.
  constexpr const char* kImage = "/proc/self/exe";
  return ::access(kImage, X_OK) == 0 ? kImage : path;
}

std::string host_name() {
  std::array<char, 256> name;
  std::size_t size = name.size();
  return uv_os_gethostname(name.data(), &size) == 0 ? std::string(name.data(), size) : "";
}

}  // namespace corral::io
