#include "config/probe.h"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <system_error>

#include "base/strings.h"

namespace corral::config {
namespace {

std::string system_says() { return std::generic_category().message(errno); }

// What is wrong with a file that a key names, empty if nothing.
std::string fault_of_file(const std::string& key, const std::string& path) {
  const std::string file = key + ": the file " + in_quotes(path);
  struct stat found{};
  if (::stat(path.c_str(), &found) != 0) {
    const bool missing = errno == ENOENT || errno == ENOTDIR;
    return missing ? file + " does not exist" : file + " cannot be reached: " + system_says();
  }
  if (S_ISDIR(found.st_mode)) return file + " is a folder; name a file in it";
  if (::access(path.c_str(), R_OK) != 0) return file + " cannot be read: " + system_says();
  return {};
}

bool is_program(const std::string& path) {
  struct stat found{};
  return ::stat(path.c_str(), &found) == 0 && S_ISREG(found.st_mode) &&
         ::access(path.c_str(), X_OK) == 0;
}

// Where the model's program is looked for: its own PATH, which begins with its env, wins.
std::string path_of(const Model& model, const Environment& environment) {
  constexpr std::string_view kName = "PATH=";
  const auto own = std::find_if(model.env.rbegin(), model.env.rend(),
                                [&](const std::string& e) { return e.starts_with(kName); });
  if (own != model.env.rend()) return own->substr(kName.size());
  return environment("PATH").value_or("/usr/bin:/bin");
}

// What is wrong with a command's program, empty if nothing.
std::string fault_of_program(const Model& model, const Environment& environment) {
  const std::string& name = model.argv[0];
  const std::string program = "cmd: the program " + in_quotes(name);
  if (name.find('/') != std::string::npos) {
    if (is_program(name)) return {};
    if (name.starts_with("~/"))
      return program + " does not exist, because no shell replaces '~' here; write the whole path";
    const bool there = ::access(name.c_str(), F_OK) == 0;
    return program + (there ? " is not a file that can be run" : " does not exist");
  }
  const std::string path = path_of(model, environment);
  for (const std::string_view folder : split(path, ':')) {
    if (is_program((folder.empty() ? "." : std::string(folder)) + "/" + name)) return {};
  }
  return program + " is in no folder of PATH; install it, or write its whole path";
}

// All that is wrong with what a model names, each behind the place of its key.
std::vector<std::pair<Mark, std::string>> faults_of(const Model& model,
                                                    const Environment& environment) {
  std::vector<std::pair<Mark, std::string>> faults;
  if (model.gguf.empty()) {
    faults.emplace_back(model.source_mark, fault_of_program(model, environment));
    return faults;
  }
  faults.emplace_back(model.source_mark, fault_of_file("gguf", model.gguf));
  for (const Given& given : model.given) {
    if (given.key == "draft")
      faults.emplace_back(given.mark, fault_of_file(given.key, model.worker.draft));
    if (given.key == "chatTemplate" && !model.worker.chat_template_file.empty())
      faults.emplace_back(given.mark, fault_of_file(given.key, model.worker.chat_template_file));
    if (given.key != "lora") continue;
    for (const Lora& adapter : model.worker.lora)
      faults.emplace_back(given.mark, fault_of_file(given.key, adapter.path));
  }
  return faults;
}

}  // namespace

std::vector<std::string> probe(const Config& config, const Environment& environment) {
  std::vector<const Model*> models;
  for (const Model& model : config.models) models.push_back(&model);
  std::ranges::sort(models, {}, [](const Model* model) {
    return std::pair(model->source_mark.line, model->source_mark.column);
  });
  std::vector<std::string> warnings;
  for (const Model* model : models) {
    for (const auto& [mark, fault] : faults_of(*model, environment)) {
      if (!fault.empty())
        warnings.push_back(at(config.file, mark, "model " + in_quotes(model->id) + ": " + fault));
    }
  }
  return warnings;
}

}  // namespace corral::config
