#include "gateway/spill_file.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <string>

namespace corral::gateway {
namespace {

std::unexpected<Error> refused(const char* what) {
  return fail(Code::kIo, std::string(what) + " for a large request body: " + std::strerror(errno) +
                             "; make room there or set TMPDIR to a folder with room");
}

}  // namespace

SpillFile::~SpillFile() {
  budget_.left += size_;
  if (fd_ >= 0) ::close(fd_);
}

Result<void> SpillFile::make() {
  const char* folder = std::getenv("TMPDIR");
  std::string path = std::string(folder != nullptr && *folder != 0 ? folder : "/tmp");
  const std::string what = "making a temporary file in " + path;
  path += "/corral-body-XXXXXX";
  fd_ = ::mkostemp(path.data(), O_CLOEXEC);
  if (fd_ < 0) return refused(what.c_str());
  if (::unlink(path.c_str()) != 0) return refused(what.c_str());
  return {};
}

Result<void> SpillFile::append(std::string_view bytes) {
  if (fd_ < 0) {
    Result<void> made = make();
    if (!made.has_value()) return made;
  }
  if (bytes.size() > budget_.left) {
    return fail(Code::kUnavailable,
                "the large request bodies that wait take all the room that there is "
                "for them; send this one again later");
  }
  while (!bytes.empty()) {
    const ssize_t count = ::pwrite(fd_, bytes.data(), bytes.size(), static_cast<off_t>(size_));
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return refused("writing a temporary file");
    size_ += static_cast<std::uint64_t>(count);
    budget_.left -= static_cast<std::uint64_t>(count);
    bytes.remove_prefix(static_cast<std::size_t>(count));
  }
  return {};
}

Result<std::size_t> SpillFile::read(std::uint64_t offset, std::span<char> buffer) const {
  while (true) {
    const ssize_t count = ::pread(fd_, buffer.data(), buffer.size(), static_cast<off_t>(offset));
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return refused("reading a temporary file");
    return static_cast<std::size_t>(count);
  }
}

}  // namespace corral::gateway
