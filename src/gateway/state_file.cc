#include "gateway/state_file.h"

#include <fcntl.h>
#include <sys/file.h>

#include <cerrno>
#include <cstdio>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <system_error>

#include "base/log.h"
#include "base/whole_file.h"
#include "json/scanner.h"

namespace corral::gateway {
namespace {

using Json = nlohmann::json;

constexpr std::size_t kMaxBytes = 16 * 1024 * 1024;

std::unexpected<Error> failure(const std::string& what, const std::string& path) {
  return fail(Code::kIo, what + " " + path + ": " + std::generic_category().message(errno));
}

Json empty_document() { return {{"version", 1}, {"configs", Json::object()}}; }

// The document, or an empty one in the place of a file that is absent or was set aside.
Json read_document(const std::string& path) {
  const Result<std::string> text = read_file(path, kMaxBytes);
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
  const Descriptor folder = open_file(folder_, O_RDONLY | O_DIRECTORY);
  if (!folder.is_open()) return failure("opening the folder", folder_);
  while (::flock(folder.get(), LOCK_EX) != 0) {
    if (errno != EINTR) return failure("locking the folder", folder_);
  }
  Json document = read_document(path());
  if (json.empty()) {
    document["configs"].erase(section);
  } else {
    document["configs"][section] = Json::parse(json, nullptr, false);
  }
  const std::string text = document.dump(1, ' ', false, Json::error_handler_t::replace) + "\n";
  return replace_file(path(), text);
}

}  // namespace corral::gateway
