#include "base/whole_file.h"

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <system_error>

namespace corral {
namespace {

std::unexpected<Error> failure(const std::string& what, const std::string& path) {
  return fail(Code::kIo, what + " " + path + ": " + std::generic_category().message(errno));
}

Result<void> write_all(const Descriptor& file, std::string_view bytes, const std::string& path) {
  while (!bytes.empty()) {
    const ssize_t count = ::write(file.get(), bytes.data(), bytes.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return failure("writing", path);
    bytes.remove_prefix(static_cast<std::size_t>(count));
  }
  if (::fsync(file.get()) != 0) return failure("writing", path);
  return {};
}

Result<void> write_new(const std::string& path, std::string_view bytes) {
  const Descriptor file = open_file(path, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW);
  if (!file.is_open()) return failure("making", path);
  return write_all(file, bytes, path);
}

}  // namespace

Descriptor open_file(const std::string& path, int flags) {
  int fd = -1;
  do {
    fd = ::open(path.c_str(), flags | O_CLOEXEC, 0600);
  } while (fd < 0 && errno == EINTR);
  return Descriptor(fd);
}

Result<std::string> read_file(const std::string& path, std::size_t most) {
  // Not blocking: a fifo in the file's place is empty, and holds nobody up.
  const Descriptor file = open_file(path, O_RDONLY | O_NONBLOCK);
  if (!file.is_open()) {
    if (errno == ENOENT) return fail(Code::kNotFound, "there is no file " + path);
    return failure("reading", path);
  }
  std::string text;
  std::array<char, 16 * 1024> buffer;
  while (text.size() <= most) {
    const ssize_t count = ::read(file.get(), buffer.data(), buffer.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return failure("reading", path);
    if (count == 0) return text;
    text.append(buffer.data(), static_cast<std::size_t>(count));
  }
  return fail(Code::kLimit,
              "reading " + path + ": it has more than " + std::to_string(most) + " bytes");
}

Result<void> replace_file(const std::string& path, std::string_view bytes) {
  const std::string temporary = path + ".tmp";
  Result<void> written = write_new(temporary, bytes);
  if (written.has_value() && ::rename(temporary.c_str(), path.c_str()) != 0) {
    written = failure("replacing", path);
  }
  if (!written.has_value()) {
    ::unlink(temporary.c_str());
    return written;
  }
  // Where a file system cannot sync a folder, the rename is its own business.
  const std::string folder = path.substr(0, path.rfind('/') + 1);
  const Descriptor above = open_file(folder.empty() ? "." : folder, O_RDONLY | O_DIRECTORY);
  if (above.is_open()) ::fsync(above.get());
  return {};
}

}  // namespace corral
