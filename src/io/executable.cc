#include "io/executable.h"

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

std::string host_name() {
  std::array<char, 256> name;
  std::size_t size = name.size();
  return uv_os_gethostname(name.data(), &size) == 0 ? std::string(name.data(), size) : "";
}

}  // namespace corral::io
