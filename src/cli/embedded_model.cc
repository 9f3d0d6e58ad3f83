#include "cli/embedded_model.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "cli/config_source.h"
#include "cli/embedded.h"
#include "engine/runtime_dir.h"

namespace corral::cli {
namespace {

namespace fs = std::filesystem;

// Without a home of our own, the private folder of the sockets: nobody else can put a link there.
Result<fs::path> cache_folder() {
  const std::optional<std::string> xdg = environment("XDG_CACHE_HOME");
  if (xdg && xdg->starts_with('/')) return fs::path(*xdg) / "corral";
  const std::optional<std::string> home = environment("HOME");
  if (home && home->starts_with('/')) return fs::path(*home) / ".cache" / "corral";
  const Result<std::string> own = engine::make_runtime_dir(environment);
  if (!own.has_value()) return std::unexpected(own.error());
  return fs::path(*own);
}

bool holds(const fs::path& path, std::string_view bytes) {
  std::ifstream file(path, std::ios::binary);
  if (!file) return false;
  const std::string found((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
  return found == bytes;
}

// Writes a file that is new; false if that fails at any point.
bool write_new(const std::string& path, std::string_view bytes) {
  const int fd = ::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0644);
  if (fd < 0) return false;
  bool good = true;
  while (good && !bytes.empty()) {
    const ssize_t count = ::write(fd, bytes.data(), bytes.size());
    if (count < 0 && errno == EINTR) continue;
    good = count > 0;
    if (good) bytes.remove_prefix(static_cast<std::size_t>(count));
  }
  return ::close(fd) == 0 && good;
}

}  // namespace

Result<std::string> unpack_tiny_model() {
  const std::optional<std::string_view> model = tiny_model();
  if (!model) {
    return fail(Code::kUnavailable,
                "there is no config, and this corral was built without the engine and its model; "
                "name a config with --config FILE");
  }
  const Result<fs::path> cache = cache_folder();
  if (!cache.has_value()) return std::unexpected(cache.error());
  const fs::path folder = *cache / "models";
  const fs::path path = folder / "tiny-chat-1m-q8_0.gguf";
  if (holds(path, *model)) return path.string();
  std::error_code error;
  fs::create_directories(folder, error);
  const fs::path part = path.string() + ".part-" + std::to_string(::getpid());
  fs::remove(part, error);  // of a process with our id that was killed here
  const bool written = write_new(part, *model);
  if (written) fs::rename(part, path, error);
  if (!written || error) {
    std::error_code ignored;
    fs::remove(part, ignored);
    return fail(Code::kIo, "unpacking the built-in model to " + path.string() +
                               " failed; make room or rights there, or set XDG_CACHE_HOME");
  }
  return path.string();
}

}  // namespace corral::cli
