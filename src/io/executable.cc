#include "io/executable.h"

#include <sys/stat.h>
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
  struct stat image{}, file{};
  if (::stat(kImage, &image) != 0) return path;
  // Where something else executes us (valgrind, an emulator), the name leads to that.
  const bool other = ::stat(path.c_str(), &file) == 0 &&
                     (image.st_dev != file.st_dev || image.st_ino != file.st_ino);
  return other ? path : kImage;
}

std::string host_name() {
  std::array<char, 256> name;
  std::size_t size = name.size();
  return uv_os_gethostname(name.data(), &size) == 0 ? std::string(name.data(), size) : "";
}

}  // namespace corral::io
