// Whatever the bytes, a config file gives a config or a message with a place that is in the file,
// and twice the same.
#include "config/config.h"

#include <algorithm>
#include <cstdint>
#include <string>
#include <vector>

#include "base/check.h"
#include "base/strings.h"
#include "config/yaml_tree.h"

using namespace corral;

namespace {

const std::string kFile = "folder/config.yaml";

// Values are shorter than their references, so that no column lies beyond its line.
std::optional<std::string> variable(std::string_view name) {
  if (name == "HOME") return "/h";
  if (name == "QUOTE") return "\"";
  if (name == "A") return "1";
  return std::nullopt;
}

// How many characters each line has. YAML also ends lines at CR and at three rare characters, which
// editors do not, so a place counts as in the file when one of the two countings has it.
std::vector<std::size_t> lines_of(std::string_view text, bool yaml) {
  std::vector<std::size_t> lines(1);
  for (std::size_t i = 0; i < text.size(); ++i) {
    const std::string_view rest = text.substr(i);
    const bool wide = rest.starts_with("\xC2\x85") || rest.starts_with("\xE2\x80\xA8") ||
                      rest.starts_with("\xE2\x80\xA9");
    const bool cr = text[i] == '\r' && !rest.starts_with("\r\n");
    if (text[i] == '\n' || (yaml && (wide || cr))) {
      lines.push_back(0);
    } else if ((static_cast<unsigned char>(text[i]) & 0xC0) != 0x80) {
      ++lines.back();
    }
  }
  return lines;
}

bool has_place(const std::vector<std::size_t>& lines, std::uint64_t line, std::uint64_t column) {
  return line >= 1 && line <= lines.size() && column >= 1 && column <= lines[line - 1] + 1;
}

void check_message(std::string_view message, std::string_view text) {
  CHECK(message.starts_with(kFile + ":"));
  message.remove_prefix(kFile.size() + 1);
  const std::size_t first = message.find(':');
  const std::size_t second = message.find(": ", first + 1);
  CHECK(second != std::string_view::npos && message.size() > second + 2);
  const auto line = parse_u64(message.substr(0, first));
  const auto column = parse_u64(message.substr(first + 1, second - first - 1));
  CHECK(line && column);
  CHECK(has_place(lines_of(text, true), *line, *column) ||
        has_place(lines_of(text, false), *line, *column));
  const auto control = [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7F; };
  CHECK(std::none_of(message.begin(), message.end(), control));
}

std::string rendered(const config::Node& node) {
  std::string out = std::to_string(node.mark.line) + ":" + std::to_string(node.mark.column) +
                    (node.plain ? " " : "'") + node.text;
  for (const config::Node& item : node.items) out += "[" + rendered(item) + "]";
  for (const auto& entry : node.entries) out += "{" + entry.key + rendered(entry.value) + "}";
  return out;
}

std::string rendered(const config::Reading& reading) {
  std::string out;
  for (const Error& error : reading.errors) out += error.message + "\n";
  for (const std::string& warning : reading.warnings) out += warning + "\n";
  if (!reading.config) return out;
  for (const config::Model& model : reading.config->models) {
    out += model.id + "|" + model.gguf + "|" + model.cmd + "|" + model.proxy_host + "|" +
           std::to_string(model.proxy_port) + "|" + model.proxy_path + "|" + model.check_endpoint;
    for (const auto* list : {&model.args, &model.argv, &model.aliases, &model.env}) {
      for (const std::string& text : *list) out += "," + text;
    }
    for (const config::Given& given : model.given) out += "|" + given.key + "=" + given.value;
    out += "\n";
  }
  return out;
}

void check_config(const config::Config& config) {
  for (const config::Model& model : config.models) {
    CHECK(model.gguf.empty() != model.cmd.empty());
    CHECK(model.cmd.empty() == model.argv.empty());
    CHECK(config.find(model.id) == &model);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const Result<config::Node> tree = config::parse_yaml(text, kFile);
  const Result<config::Node> again = config::parse_yaml(text, kFile);
  CHECK(tree.has_value() == again.has_value());
  if (tree.has_value()) {
    CHECK(rendered(*tree) == rendered(*again));
  } else {
    CHECK(tree.error().message == again.error().message);
    CHECK(tree.error().message.starts_with(kFile + ":"));
  }

  const config::Reading reading = config::examine(text, kFile, variable);
  const config::Reading twice = config::examine(text, kFile, variable);
  CHECK(rendered(reading) == rendered(twice));
  CHECK(reading.config.has_value() == reading.errors.empty());
  for (const Error& error : reading.errors) check_message(error.message, text);
  for (const std::string& warning : reading.warnings) check_message(warning, text);
  if (reading.config) check_config(*reading.config);

  // A value that was set while it ran is judged too, whatever it is.
  if (!reading.config || reading.config->models.empty()) return 0;
  const std::string& id = reading.config->models[0].id;
  const config::Reading over =
      config::examine(text, kFile, variable, {{id, {{"limits", std::string(text)}}}});
  CHECK(over.config.has_value() == over.errors.empty());
  for (const Error& error : over.errors) {
    if (!error.message.starts_with("corral set: ")) check_message(error.message, text);
  }
  return 0;
}
