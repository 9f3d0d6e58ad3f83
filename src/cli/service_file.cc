#include "cli/service_file.h"

#include <dirent.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <utility>

#include "base/timestamp.h"
#include "base/whole_file.h"
#include "cli/json_fields.h"
#include "engine/runtime_dir.h"

namespace corral::cli {
namespace {

using Json = nlohmann::json;

constexpr std::string_view kPrefix = "service-";
constexpr std::string_view kSuffix = ".json";
constexpr std::size_t kMost = 64 * 1024;

std::string path_of(const std::string& runtime_dir, int pid) {
  return runtime_dir + "/" + std::string(kPrefix) + std::to_string(pid) + std::string(kSuffix);
}

// When it started and where it is, if its process lives.
std::optional<std::pair<std::string, std::string>> living(const std::string& path) {
  const Json json = Json::parse(read_file(path, kMost).value_or(""), nullptr, false);
  const auto pid = static_cast<pid_t>(number_of(json, "pid"));
  std::string url = text_of(json, "url");
  if (pid <= 0 || url.empty()) return std::nullopt;
  if (::kill(pid, 0) != 0 && errno == ESRCH) return std::nullopt;
  return std::pair(text_of(json, "started"), std::move(url));
}

}  // namespace

Result<ServiceFile> ServiceFile::write(const std::string& runtime_dir, const std::string& url,
                                       const std::string& config) {
  std::string path = path_of(runtime_dir, ::getpid());
  const nlohmann::ordered_json json = {{"url", url},
                                       {"pid", ::getpid()},
                                       {"config", config},
                                       {"started", rfc3339(std::chrono::system_clock::now())}};
  ServiceFile file(std::move(path),
                   json.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n");
  const Result<void> written = file.write();
  if (!written.has_value()) return std::unexpected(written.error());
  return file;
}

Result<void> ServiceFile::write() const {
  const Result<void> written = replace_file(path_, text_);
  if (written.has_value()) return {};
  return fail(Code::kIo, written.error().message + "; commands will not find this service");
}

Result<void> ServiceFile::restore() const {
  if (::access(path_.c_str(), F_OK) == 0) return {};
  const Result<void> folder = engine::restore_runtime_dir(path_.substr(0, path_.rfind('/')));
  if (!folder.has_value()) return folder;
  return write();
}

ServiceFile::ServiceFile(ServiceFile&& other) noexcept
    : path_(std::exchange(other.path_, {})), text_(std::move(other.text_)) {}

ServiceFile::~ServiceFile() {
  if (!path_.empty()) ::unlink(path_.c_str());
}

std::vector<std::string> known_services(const std::string& runtime_dir) {
  const auto close = [](DIR* folder) { ::closedir(folder); };
  const std::unique_ptr<DIR, decltype(close)> folder(::opendir(runtime_dir.c_str()), close);
  std::vector<std::pair<std::string, std::string>> found;
  while (folder != nullptr) {
    const dirent* entry = ::readdir(folder.get());
    if (entry == nullptr) break;
    const std::string_view name = entry->d_name;
    if (!name.starts_with(kPrefix) || !name.ends_with(kSuffix)) continue;
    auto service = living(runtime_dir + "/" + std::string(name));
    if (service) found.push_back(std::move(*service));
  }
  std::ranges::sort(found, std::greater<>());
  std::vector<std::string> urls;
  for (auto& [started, url] : found) urls.push_back(std::move(url));
  return urls;
}

std::string url_of_service(const std::string& runtime_dir, int pid) {
  const std::optional<std::pair<std::string, std::string>> service =
      living(path_of(runtime_dir, pid));
  return service ? service->second : "";
}

}  // namespace corral::cli
