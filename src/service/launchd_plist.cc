#include "service/launchd_plist.h"

#include <utility>

#include "base/strings.h"

namespace corral::service {
namespace {

// Char of XML 1.0, of valid UTF-8. U+FFFE and U+FFFF are "\xEF\xBF\xBE" and "\xEF\xBF\xBF".
bool is_xml(std::string_view character) {
  const auto first = static_cast<unsigned char>(character[0]);
  if (first < 0x20) return first == '\t' || first == '\n' || first == '\r';
  return character != "\xEF\xBF\xBE" && character != "\xEF\xBF\xBF";
}

// Without the escape of CR, a reader of XML would make LF of it.
std::string escaped(std::string_view text) {
  std::string result;
  for (const char c : text) {
    switch (c) {
      case '&': result += "&amp;"; break;
      case '<': result += "&lt;"; break;
      case '>': result += "&gt;"; break;
      case '\r': result += "&#13;"; break;
      default: result += c;
    }
  }
  return result;
}

// The lines of a <dict>, in which the first bad value is remembered.
class Dictionary {
 public:
  void text(std::string_view key, std::string_view value) {
    line(1, "<key>" + std::string(key) + "</key>");
    text_alone(1, value);
  }

  void texts(std::string_view key, const std::vector<std::string>& values) {
    line(1, "<key>" + std::string(key) + "</key>");
    line(1, "<array>");
    for (const std::string& value : values) text_alone(2, value);
    line(1, "</array>");
  }

  void number(std::string_view key, std::uint64_t value) {
    line(1, "<key>" + std::string(key) + "</key>");
    line(1, "<integer>" + std::to_string(value) + "</integer>");
  }

  void yes(std::string_view key) {
    line(1, "<key>" + std::string(key) + "</key>");
    line(1, "<true/>");
  }

  // A <dict> with one entry.
  void inner(std::string_view key, std::string_view name, std::string_view type,
             std::string_view value) {
    line(1, "<key>" + std::string(key) + "</key>");
    line(1, "<dict>");
    line(2, "<key>" + std::string(name) + "</key>");
    if (value.empty()) line(2, "<" + std::string(type) + "/>");
    if (!value.empty()) {
      check(value);
      line(2, "<" + std::string(type) + ">" + escaped(value) + "</" + std::string(type) + ">");
    }
    line(1, "</dict>");
  }

  Result<std::string> take() {
    if (!bad_.empty()) {
      return fail(Code::kInvalid, "a property list cannot hold the control character in " +
                                      json_quote(bad_) + "; give that file or folder another name");
    }
    return std::move(lines_);
  }

 private:
  void text_alone(std::size_t depth, std::string_view value) {
    check(value);
    line(depth, "<string>" + escaped(value) + "</string>");
  }

  void check(std::string_view value) {
    for (std::string_view rest = value; !rest.empty() && bad_.empty();) {
      const std::string_view character = rest.substr(0, utf8_length(rest));
      if (!is_xml(character)) bad_ = value;
      rest.remove_prefix(character.size());
    }
  }

  void line(std::size_t depth, const std::string& text) {
    lines_ += std::string(2 * depth, ' ') + text + "\n";
  }

  std::string lines_;
  std::string bad_;
};

}  // namespace

Result<std::string> launchd_plist(const Definition& definition) {
  const Result<void> good = check(definition);
  if (!good.has_value()) return std::unexpected(good.error());
  std::vector<std::string> words = definition.arguments;
  words.insert(words.begin(), definition.program);
  Dictionary dict;
  dict.text("Label", definition.label);
  dict.texts("ProgramArguments", words);
  dict.inner("EnvironmentVariables", "PATH", "string", definition.path);
  dict.text("WorkingDirectory", definition.folder);
  dict.yes("RunAtLoad");
  dict.inner("KeepAlive", "SuccessfulExit", "false", "");
  dict.number("ThrottleInterval", static_cast<std::uint64_t>(definition.restart_pause.count()));
  dict.text("ProcessType", "Interactive");
  dict.inner("SoftResourceLimits", "NumberOfFiles", "integer",
             std::to_string(definition.descriptors));
  dict.number("ExitTimeOut", static_cast<std::uint64_t>(definition.stop_limit.count()));
  if (!definition.log.empty()) {
    dict.text("StandardOutPath", definition.log);
    dict.text("StandardErrorPath", definition.log);
  }
  const Result<std::string> entries = dict.take();
  if (!entries.has_value()) return entries;
  return "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
         "<!DOCTYPE plist PUBLIC \"-//Apple//DTD PLIST 1.0//EN\" "
         "\"http://www.apple.com/DTDs/PropertyList-1.0.dtd\">\n"
         "<plist version=\"1.0\">\n<dict>\n" +
         *entries + "</dict>\n</plist>\n";
}

}  // namespace corral::service
