#include "service/definition_file.h"

#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <system_error>

#include "base/whole_file.h"

namespace corral::service {

bool exists(const std::string& path) { return ::access(path.c_str(), F_OK) == 0; }

Result<void> make_folders(const std::string& folder) {
  std::error_code error;
  std::filesystem::create_directories(folder, error);
  if (!error) return {};
  return fail(Code::kIo,
              "making the folder " + folder + ": " + error.message() + "; see who may write there");
}

bool holds(const std::string& path, std::string_view text) {
  const Result<std::string> now = read_file(path, text.size());
  return now.has_value() && *now == text;
}

Result<void> write_file(const std::string& path, std::string_view text) {
  if (holds(path, text)) return {};
  const Result<void> made = make_folders(path.substr(0, path.rfind('/')));
  return made.has_value() ? replace_file(path, text) : made;
}

Result<void> remove_file(const std::string& path) {
  if (::unlink(path.c_str()) == 0 || errno == ENOENT) return {};
  return fail(Code::kIo, "removing " + path + ": " + std::generic_category().message(errno) +
                             "; remove it yourself");
}

Result<void> check_installed(const std::string& path) {
  if (exists(path)) return {};
  return fail(Code::kNotFound, "Corral is not installed as a service, there is no " + path +
                                   "; run `corral service install`");
}

}  // namespace corral::service
