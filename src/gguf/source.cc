#include "gguf/source.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <system_error>

#include "base/whole_file.h"

namespace corral::gguf {
namespace {

std::string system_says() { return std::generic_category().message(errno); }

std::unexpected<Fault> cannot_open() {
  if (errno == ENOENT || errno == ENOTDIR)
    return fault(Fault::Kind::kMissing, "does not exist", "correct its path, or download it");
  const std::string hint = errno == EACCES ? "let this user read it" : "";
  return fault(Fault::Kind::kUnreadable, "cannot be read: " + system_says(), hint);
}

std::unexpected<Fault> changed(const std::string& how) {
  return fault(Fault::Kind::kChanged, how + " while it was looked at", "wait until it is complete");
}

}  // namespace

Read<File> File::open(const std::string& path) {
  // Asked before it is opened: opening a device can have effects.
  struct stat found{};
  if (::stat(path.c_str(), &found) != 0) return cannot_open();
  if (S_ISDIR(found.st_mode)) {
    return fault(Fault::Kind::kUnreadable, "is a folder", "name a model file in it");
  }
  if (!S_ISREG(found.st_mode)) {
    return fault(Fault::Kind::kUnreadable, "is a pipe, socket or device and no regular file");
  }
  // It may be another file by now: O_NONBLOCK, so that a fifo's open returns, and asked again.
  Descriptor descriptor = open_file(path, O_RDONLY | O_NONBLOCK | O_NOCTTY);
  if (!descriptor.is_open()) return cannot_open();
  File file;
  file.path_ = path;
  file.descriptor_ = std::move(descriptor);
  const Read<Stamp> stamp = file.stamp();
  if (!stamp.has_value()) return std::unexpected(stamp.error());
  file.stamp_ = *stamp;
  return file;
}

Read<File::Stamp> File::stamp() const {
  struct stat found{};
  if (::fstat(descriptor_.get(), &found) != 0) {
    return fault(Fault::Kind::kUnreadable, "cannot be examined: " + system_says());
  }
  if (!S_ISREG(found.st_mode)) return changed("was replaced");
  // The finer time, which no name in struct stat gives on every system.
  std::error_code error;
  const auto written = std::filesystem::last_write_time(path_, error);
  if (error) return changed("was removed");
  return Stamp{.device = static_cast<std::uint64_t>(found.st_dev),
               .inode = static_cast<std::uint64_t>(found.st_ino),
               .size = static_cast<std::uint64_t>(found.st_size),
               .written = static_cast<std::int64_t>(written.time_since_epoch().count())};
}

Source File::source() const {
  return {.size = size(), .read_at = [this](std::uint64_t offset, std::span<std::byte> into) {
            return read_at(offset, into);
          }};
}

Read<void> File::read_at(std::uint64_t offset, std::span<std::byte> into) const {
  while (!into.empty()) {
    const ssize_t count =
        ::pread(descriptor_.get(), into.data(), into.size(), static_cast<off_t>(offset));
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return fault(Fault::Kind::kUnreadable, "cannot be read: " + system_says());
    if (count == 0) return changed("became shorter");
    offset += static_cast<std::uint64_t>(count);
    into = into.subspan(static_cast<std::size_t>(count));
  }
  return {};
}

Read<void> File::unchanged() const {
  struct stat found{};
  if (::stat(path_.c_str(), &found) != 0) return changed("was removed");
  const bool same_file = static_cast<std::uint64_t>(found.st_dev) == stamp_.device &&
                         static_cast<std::uint64_t>(found.st_ino) == stamp_.inode;
  if (!same_file) return changed("was replaced by another");
  const Read<Stamp> now = stamp();
  if (!now.has_value()) return std::unexpected(now.error());
  if (now->size > stamp_.size) return changed("grew");
  if (*now != stamp_) return changed("was written");
  return {};
}

}  // namespace corral::gguf
