#include "cli/unexpected.h"

#include <algorithm>

#include "base/strings.h"
#include "cli/options.h"

namespace corral::cli {
namespace {

bool has(const std::vector<std::string>& options, std::string_view name) {
  return std::ranges::find(options, name) != options.end();
}

// The value of the flag that stands first: "--port=1" or "--port 1", else `placeholder`.
std::string value_of(const std::vector<std::string>& words, const std::string& placeholder) {
  const std::size_t equals = words[0].find('=');
  if (equals != std::string::npos) return words[0].substr(equals + 1);
  return words.size() > 1 && !words[1].starts_with('-') ? words[1] : placeholder;
}

// What was probably meant, empty if nothing comes to mind.
std::string meant(const std::vector<std::string>& words, const std::vector<std::string>& options) {
  const std::string& word = words[0];
  const std::string name = word.substr(0, word.find('='));
  if (has(options, "--listen")) {
    if (name == "--port" || name == "-p") return "--listen 127.0.0.1:" + value_of(words, "PORT");
    if (name == "--host")
      return "--listen " + value_of(words, "HOST") + ":" + std::to_string(ListenAddress{}.port);
  }
  if (has(options, "--config") && (word.ends_with(".yaml") || word.ends_with(".yml")))
    return "--config " + word;
  const bool short_option = word.starts_with('-') && name.size() <= 2;
  if (short_option) return {};
  const std::vector<std::string> close = nearest(name, options, 1);
  return close.empty() ? "" : close[0];
}

}  // namespace

std::string about_unexpected(std::string_view command, const std::vector<std::string>& words,
                             const std::vector<std::string>& options) {
  std::string text = (command.empty() ? "corral" : std::string(command)) + " does not take";
  for (const std::string& word : words) text += " '" + word + "'";
  const std::string hint = meant(words, options);
  if (!hint.empty()) return text + "; did you mean " + hint + "?";
  if (command == "run" && words[0].starts_with('-'))
    return text + "; put -- before a prompt that begins with a dash";
  return text + "; corral " + std::string(command) + (command.empty() ? "" : " ") +
         "--help lists what it takes";
}

}  // namespace corral::cli
