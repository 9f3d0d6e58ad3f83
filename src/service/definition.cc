#include "service/definition.h"

#include <algorithm>

#include "base/strings.h"

namespace corral::service {
namespace {

constexpr std::string_view kUsual =
    "/opt/homebrew/bin:/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin";

Result<void> check_text(const std::string& what, std::string_view text) {
  if (text.find('\0') != std::string_view::npos) {
    return fail(Code::kInvalid, "the service's " + what + " has a NUL in it: " + json_quote(text));
  }
  for (std::string_view rest = text; !rest.empty();) {
    const std::size_t length = utf8_length(rest);
    if (length == 0) {
      return fail(Code::kInvalid, "the service's " + what + " is no valid UTF-8: " +
                                      json_quote(text) + "; give that file or folder another name");
    }
    rest.remove_prefix(length);
  }
  return {};
}

Result<void> check_path(const std::string& what, std::string_view path) {
  if (!path.starts_with('/')) {
    return fail(Code::kInvalid,
                "the service's " + what + " is not an absolute path: " + json_quote(path));
  }
  return check_text(what, path);
}

bool is_label(std::string_view text) {
  constexpr std::string_view kMarks = ".-_";
  const auto good = [&](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           kMarks.find(c) != std::string_view::npos;
  };
  return !text.empty() && std::ranges::all_of(text, good);
}

}  // namespace

Result<void> check(const Definition& definition) {
  if (!is_label(definition.label)) {
    return fail(Code::kInvalid,
                "a service's label has letters, digits and \".-_\" alone, and not " +
                    json_quote(definition.label));
  }
  Result<void> good = check_path("program", definition.program);
  if (good.has_value()) good = check_path("working folder", definition.folder);
  if (good.has_value() && !definition.log.empty()) good = check_path("log file", definition.log);
  if (good.has_value()) good = check_text("PATH", definition.path);
  for (const std::string& argument : definition.arguments) {
    if (good.has_value()) good = check_text("argument", argument);
  }
  return good;
}

std::vector<std::string> serve_arguments(std::string_view config, std::string_view listen) {
  std::vector<std::string> words = {"serve", "--config", std::string(config)};
  if (!listen.empty()) words.insert(words.end(), {"--listen", std::string(listen)});
  return words;
}

std::string service_path(std::string_view program, std::string_view person) {
  std::vector<std::string_view> folders = {program.substr(0, program.rfind('/'))};
  std::ranges::copy(split(person, ':'), std::back_inserter(folders));
  std::ranges::copy(split(kUsual, ':'), std::back_inserter(folders));
  std::vector<std::string_view> taken;
  std::string path;
  for (const std::string_view folder : folders) {
    if (!folder.starts_with('/') || std::ranges::find(taken, folder) != taken.end()) continue;
    taken.push_back(folder);
    path += (path.empty() ? "" : ":") + std::string(folder);
  }
  return path;
}

}  // namespace corral::service
