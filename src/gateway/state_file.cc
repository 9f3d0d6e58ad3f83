#include "gateway/state_file.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <system_error>

#include "base/log.h"
#include "json/scanner.h"

namespace corral::gateway {
namespace {

using Json = nlohmann::json;

constexpr std::size_t kMaxBytes = 16 * 1024 * 1024;

class Descriptor {
 public:
  explicit Descriptor(int fd) : fd_(fd) {}
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  ~Descriptor() {
    if (fd_ >= 0) ::close(fd_);
  }
  int fd() const { return fd_; }
  bool is_open() const { return fd_ >= 0; }

 private:
  int fd_;
};

int open_file(const std::string& path, int flags) {
  int fd = -1;
  do {
    fd = ::open(path.c_str(), flags | O_CLOEXEC, 0600);
  } while (fd < 0 && errno == EINTR);
  return fd;
}

std::unexpected<Error> failure(const std::string& what, const std::string& path) {
  return fail(Code::kIo, what + " " + path + ": " + std::generic_category().message(errno));
}

// The file's bytes; kNotFound if it is not there.
Result<std::string> read_all(const std::string& path) {
  const Descriptor file(open_file(path, O_RDONLY));
  if (!file.is_open()) {
    if (errno == ENOENT) return fail(Code::kNotFound, path);
    return failure("reading", path);
  }
  std::string text;
  char buffer[16 * 1024];
  while (text.size() <= kMaxBytes) {
    const ssize_t count = ::read(file.fd(), buffer, sizeof buffer);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return failure("reading", path);
    if (count == 0) return text;
    text.append(buffer, static_cast<std::size_t>(count));
  }
  return fail(Code::kLimit, "reading " + path + ": it has more than 16 MiB");
}

Json empty_document() { return {{"version", 1}, {"configs", Json::object()}}; }

// The document, or an empty one in the place of a file that is absent or was set aside.
Json read_document(const std::string& path) {
  const Result<std::string> text = read_all(path);
  if (!text.has_value() && text.error().code == Code::kNotFound) return empty_document();
  json::Scanner scanner({});  // refuses what is nested too deeply for those who handle it next
  if (text.has_value() && scanner.push(*text).has_value() && scanner.finish().has_value()) {
    Json document = Json::parse(*text, nullptr, false);
    if (document.is_object() && document.contains("configs") && document["configs"].is_object() &&
        document.value("version", Json()) == 1)
      return document;
  }
  const std::string aside = path + ".broken";
  const bool moved = ::rename(path.c_str(), aside.c_str()) == 0;
  log_warn(path + " cannot be understood" +
           (text.has_value() ? "" : " (" + text.error().message + ")") +
           ", so nothing is remembered of earlier runs; " +
           (moved ? "it is now " + aside : "remove it"));
  return empty_document();
}

Result<void> write_all(int fd, std::string_view bytes, const std::string& path) {
  while (!bytes.empty()) {
    const ssize_t count = ::write(fd, bytes.data(), bytes.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return failure("writing", path);
    bytes.remove_prefix(static_cast<std::size_t>(count));
  }
  if (::fsync(fd) != 0) return failure("writing", path);
  return {};
}

// The whole file at once: nobody ever sees half of it, also after a loss of power.
Result<void> replace(const std::string& path, std::string_view bytes, int folder) {
  const std::string temporary = path + ".tmp";  // of whoever holds the lock
  {
    const Descriptor file(open_file(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW));
    if (!file.is_open()) return failure("making", temporary);
    Result<void> written = write_all(file.fd(), bytes, temporary);
    if (!written.has_value()) return written;
  }
  if (::rename(temporary.c_str(), path.c_str()) != 0) return failure("replacing", path);
  ::fsync(folder);  // where a file system cannot do that, the rename is its own business
  return {};
}

}  // namespace

std::string StateFile::read(const std::string& section) const {
  if (folder_.empty()) return {};
  const Json document = read_document(path());
  const Json& configs = document["configs"];
  const auto found = configs.find(section);
  return found == configs.end() ? "" : found->dump();
}

Result<void> StateFile::write(const std::string& section, const std::string& json) const {
  if (folder_.empty()) return {};
  std::error_code error;
  std::filesystem::create_directories(folder_, error);
  const Descriptor folder(open_file(folder_, O_RDONLY | O_DIRECTORY));
  if (!folder.is_open()) return failure("opening the folder", folder_);
  while (::flock(folder.fd(), LOCK_EX) != 0) {
    if (errno != EINTR) return failure("locking the folder", folder_);
  }
  Json document = read_document(path());
  if (json.empty()) {
    document["configs"].erase(section);
  } else {
    document["configs"][section] = Json::parse(json, nullptr, false);
  }
  const std::string text = document.dump(1, ' ', false, Json::error_handler_t::replace) + "\n";
  return replace(path(), text, folder.fd());
}

}  // namespace corral::gateway
