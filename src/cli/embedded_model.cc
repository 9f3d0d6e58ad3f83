#include "cli/embedded_model.h"

#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <iterator>

#include "cli/config_source.h"
#include "cli/embedded.h"

namespace corral::cli {
namespace {

namespace fs = std::filesystem;

fs::path cache_folder() {
  const std::optional<std::string> xdg = environment("XDG_CACHE_HOME");
  if (xdg && xdg->starts_with('/')) return fs::path(*xdg) / "corral";
  const std::optional<std::string> home = environment("HOME");
  if (home && home->starts_with('/')) return fs::path(*home) / ".cache" / "corral";
  const std::optional<std::string> temporary = environment("TMPDIR");
  return fs::path(temporary.value_or("/tmp")) / ("corral-cache-" + std::to_string(::getuid()));
}

bool holds(const fs::path& path, std::string_view bytes) {
  std::ifstream file(path, std::ios::binary);
  if (!file) return false;
  const std::string found((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
  return found == bytes;
}

}  // namespace

Result<std::string> unpack_tiny_model() {
  const std::optional<std::string_view> model = tiny_model();
  if (!model) {
    return fail(Code::kUnavailable,
                "there is no config, and this corral was built without the engine and its model; "
                "name a config with --config FILE");
  }
  const fs::path folder = cache_folder() / "models";
  const fs::path path = folder / "tiny-chat-1m-q8_0.gguf";
  if (holds(path, *model)) return path.string();
  std::error_code error;
  fs::create_directories(folder, error);
  const fs::path part = path.string() + ".part-" + std::to_string(::getpid());
  std::ofstream file(part, std::ios::binary | std::ios::trunc);
  file.write(model->data(), static_cast<std::streamsize>(model->size()));
  file.close();
  const bool written = file.good();
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
