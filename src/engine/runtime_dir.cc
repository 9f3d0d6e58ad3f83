#include "engine/runtime_dir.h"

#include <dirent.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <memory>

#include "base/strings.h"

namespace corral::engine {
namespace {

constexpr std::string_view kSuffix = ".sock";
// Decimal pid, '-', 16 hex digits, suffix, NUL.
constexpr std::size_t kLongestName = 10 + 1 + 16 + 5 + 1;

std::string system_says() { return std::strerror(errno); }

// FNV-1a: any fixed function that spreads would do; it must not differ between runs.
std::uint64_t hash_of(std::string_view text) {
  std::uint64_t hash = 0xcbf29ce484222325;
  for (const char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3;
  return hash;
}

Result<void> make_private(const std::string& path) {
  const std::string what = "making the folder of sockets " + path;
  if (::mkdir(path.c_str(), 0700) != 0 && errno != EEXIST) {
    return fail(Code::kIo, what + ": " + system_says());
  }
  struct stat found{};
  if (::lstat(path.c_str(), &found) != 0) return fail(Code::kIo, what + ": " + system_says());
  if (!S_ISDIR(found.st_mode)) {
    return fail(Code::kInvalid, what + ": this is not a folder but something else; remove it");
  }
  if (found.st_uid != ::geteuid()) {
    return fail(Code::kInvalid, what +
                                    ": it belongs to another user; remove it, or set "
                                    "XDG_RUNTIME_DIR to a folder of your own");
  }
  if ((found.st_mode & 0777) != 0700 && ::chmod(path.c_str(), 0700) != 0) {
    return fail(Code::kIo, what + ": " + system_says());
  }
  return {};
}

// Whether the socket or "service-PID.*" of that name belongs to a Corral that is no more.
bool is_left_over(std::string_view name) {
  constexpr std::string_view kService = "service-";
  std::string_view number = name.substr(0, name.find('-'));
  if (name.starts_with(kService)) {
    number = name.substr(kService.size());
    number = number.substr(0, number.find('.'));
  } else if (!name.ends_with(kSuffix)) {
    return false;
  }
  const std::optional<std::uint64_t> pid = parse_u64(number);
  if (!pid || *pid == 0 || *pid > INT32_MAX) return false;
  return ::kill(static_cast<pid_t>(*pid), 0) != 0 && errno == ESRCH;
}

void remove_left_overs(const std::string& path) {
  const auto close = [](DIR* folder) { ::closedir(folder); };
  const std::unique_ptr<DIR, decltype(close)> folder(::opendir(path.c_str()), close);
  if (folder == nullptr) return;
  while (const dirent* entry = ::readdir(folder.get())) {
    if (!is_left_over(entry->d_name)) continue;
    ::unlink((path + "/" + entry->d_name).c_str());
  }
}

std::string path_of_runtime_dir(
    const std::function<std::optional<std::string>(std::string_view)>& environment) {
  const std::string runtime = environment("XDG_RUNTIME_DIR").value_or("");
  if (!runtime.empty()) return runtime + "/corral";
  std::string temporary = environment("TMPDIR").value_or("");
  if (temporary.empty()) temporary = "/tmp";
  while (temporary.size() > 1 && temporary.ends_with('/')) temporary.pop_back();
  return temporary + "/corral-" + std::to_string(::geteuid());
}

}  // namespace

std::optional<std::string> find_runtime_dir(
    const std::function<std::optional<std::string>(std::string_view)>& environment) {
  std::string path = path_of_runtime_dir(environment);
  struct stat found{};
  const bool ours = ::lstat(path.c_str(), &found) == 0 && S_ISDIR(found.st_mode) &&
                    found.st_uid == ::geteuid() && (found.st_mode & 0077) == 0;
  return ours ? std::optional(std::move(path)) : std::nullopt;
}

Result<std::string> make_runtime_dir(
    const std::function<std::optional<std::string>(std::string_view)>& environment) {
  std::string path = path_of_runtime_dir(environment);
  if (path.size() + 1 + kLongestName > sizeof(sockaddr_un::sun_path)) {
    return fail(Code::kInvalid,
                "the folder of sockets " + path + " is too long for this system, which allows " +
                    std::to_string(sizeof(sockaddr_un::sun_path) - 1 - kLongestName) +
                    " bytes; set XDG_RUNTIME_DIR to a shorter one");
  }
  const Result<void> made = make_private(path);
  if (!made.has_value()) return std::unexpected(made.error());
  remove_left_overs(path);
  return path;
}

Result<void> restore_runtime_dir(const std::string& runtime_dir) {
  return make_private(runtime_dir);
}

std::string worker_socket(const std::string& runtime_dir, std::string_view model_id) {
  char name[kLongestName];
  std::snprintf(name, sizeof name, "%d-%016llx%s", static_cast<int>(::getpid()),
                static_cast<unsigned long long>(hash_of(model_id)), kSuffix.data());
  return runtime_dir + "/" + name;
}

Result<void> prepare_socket(const std::string& socket) {
  ::unlink(socket.c_str());
  return restore_runtime_dir(socket.substr(0, socket.rfind('/')));
}

}  // namespace corral::engine
