// Reading a config's file; config.cc does the rest.
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>

#include "config/config.h"

namespace corral::config {
namespace {

constexpr std::size_t kMaxBytes = 16 * 1024 * 1024;

class File {
 public:
  explicit File(const std::string& path) {
    do {
      fd_ = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
    } while (fd_ < 0 && errno == EINTR);
  }
  File(const File&) = delete;
  File& operator=(const File&) = delete;
  ~File() {
    if (fd_ >= 0) ::close(fd_);
  }
  int fd() const { return fd_; }

 private:
  int fd_ = -1;
};

std::unexpected<Error> system_failure(const std::string& path, const std::string& what) {
  const int error = errno;
  const std::string why = std::generic_category().message(error);
  if (error == ENOENT || error == ENOTDIR)
    return fail(Code::kNotFound,
                path + ": there is no such config file; write one, or name another one");
  const std::string hint = error == EACCES ? "; let this user read it" : "";
  return fail(Code::kIo, path + ": the config file cannot be " + what + ": " + why + hint);
}

Result<std::string> read_file(const std::string& path) {
  const File file(path);
  if (file.fd() < 0) return system_failure(path, "opened");
  struct stat info{};
  if (::fstat(file.fd(), &info) != 0) return system_failure(path, "examined");
  if (S_ISDIR(info.st_mode))
    return fail(Code::kInvalid, path + ": this is a folder; name the config file in it");
  std::string text;
  char buffer[64 * 1024];
  while (true) {
    const ssize_t count = ::read(file.fd(), buffer, sizeof buffer);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return system_failure(path, "read");
    if (count == 0) return text;
    text.append(buffer, static_cast<std::size_t>(count));
    if (text.size() > kMaxBytes)
      return fail(Code::kLimit, path + ": the file has more than 16 MiB; this is not a config");
  }
}

}  // namespace

Reading load(const std::string& path, const Environment& environment) {
  const Result<std::string> text = read_file(path);
  if (!text.has_value()) return Reading{.config = {}, .errors = {text.error()}, .warnings = {}};
  return examine(*text, path, environment);
}

}  // namespace corral::config
