#include "config/macros.h"

#include <algorithm>

#include "base/strings.h"
#include "config/scalar.h"

namespace corral::config {
namespace {

constexpr std::size_t kMaxMacros = 1000;
constexpr std::size_t kLongestName = 63;
constexpr std::size_t kLongestValue = 1024 * 1024;

bool is_name_character(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
         c == '-';
}

bool is_reserved(std::string_view name) {
  return name == "PORT" || name == "PID" || name == "MODEL_ID";
}

std::string use_of(std::string_view name) { return "${" + std::string(name) + "}"; }

// What is wrong with one declaration, empty if nothing.
std::string fault_of(const Node::Entry& entry) {
  const std::string subject = "the macro name " + in_quotes(entry.key);
  if (entry.key.empty() || !std::all_of(entry.key.begin(), entry.key.end(), is_name_character))
    return subject + " may only have letters, digits, '_' and '-'";
  if (entry.key.size() > kLongestName) return subject + " is longer than 63 characters";
  if (is_reserved(entry.key)) return subject + " is reserved; choose another";
  const bool scalar = entry.value.kind == Node::Kind::kScalar && !entry.value.is_null();
  if (!scalar) {
    return "the macro " + in_quotes(entry.key) + " must be text, a number or a boolean, not " +
           described(entry.value);
  }
  if (entry.value.text.find(use_of(entry.key)) != std::string::npos)
    return "the macro " + in_quotes(entry.key) + " uses itself";
  return {};
}

// Replaces every `use` in `text` by `value`; false if the result would be too long.
bool insert(std::string& text, const std::string& use, const std::string& value) {
  std::string result;
  std::size_t from = 0;
  for (std::size_t found = text.find(use); found != std::string::npos;
       found = text.find(use, from)) {
    result.append(text, from, found - from).append(value);
    from = found + use.size();
    if (result.size() > kLongestValue) return false;
  }
  result.append(text, from);
  text = std::move(result);
  return text.size() <= kLongestValue;
}

}  // namespace

Result<Macros> Macros::read(const Node& mapping, const std::string& file,
                            const std::string& owner) {
  Macros macros;
  const auto wrong = [&](Mark mark, const std::string& text) {
    return fail(Code::kInvalid, at(file, mark, owner + text));
  };
  if (mapping.is_null()) return macros;
  if (mapping.kind != Node::Kind::kMapping)
    return wrong(mapping.mark,
                 "macros must be a mapping of names to values, not " + described(mapping));
  for (const Node::Entry& entry : mapping.entries) {
    const std::string fault = fault_of(entry);
    if (!fault.empty()) return wrong(entry.mark, fault);
    if (macros.list_.size() == kMaxMacros)
      return wrong(entry.mark, "there are more than 1000 macros");
    macros.list_.push_back({entry.key, entry.value});
  }
  return macros;
}

Macros Macros::reserved(std::string name, std::string value, bool number) {
  Node node;
  node.text = std::move(value);
  node.plain = number;
  Macros macros;
  macros.list_.push_back({std::move(name), std::move(node)});
  return macros;
}

Macros Macros::overlaid(const Macros& inner) const {
  Macros result = *this;
  for (const Macro& macro : inner.list_) {
    const auto same = std::find_if(result.list_.begin(), result.list_.end(),
                                   [&](const Macro& outer) { return outer.name == macro.name; });
    if (same != result.list_.end()) {
      same->value = macro.value;
    } else {
      result.list_.push_back(macro);
    }
  }
  return result;
}

Result<void> Macros::expand(Node& node, const std::string& file) const {
  if (node.kind == Node::Kind::kScalar) return expand_scalar(node, file);
  for (Node& item : node.items) {
    const Result<void> done = expand(item, file);
    if (!done.has_value()) return done;
  }
  for (Node::Entry& entry : node.entries) {
    const Result<void> done = expand(entry.value, file);
    if (!done.has_value()) return done;
  }
  return {};
}

Result<void> Macros::expand_scalar(Node& node, const std::string& file) const {
  for (auto macro = list_.rbegin(); macro != list_.rend(); ++macro) {
    if (node.text.find("${") == std::string::npos) return {};
    const std::string use = use_of(macro->name);
    if (node.text == use) {
      node.text = macro->value.text;
      node.plain = macro->value.plain;
    } else if (node.text.find(use) != std::string::npos) {
      node.plain = false;
      if (!insert(node.text, use, inserted(macro->value))) {
        return fail(Code::kLimit, at(file, node.mark,
                                     "this value grows beyond 1 MiB when the macro " +
                                         in_quotes(macro->name) + " is inserted"));
      }
    }
  }
  return {};
}

std::optional<std::string> Macros::leftover(std::string_view text) const {
  for (std::size_t open = text.find("${"); open != std::string_view::npos;
       open = text.find("${", open + 2)) {
    const std::string_view rest = text.substr(open + 2);
    const std::size_t close = rest.find('}');
    if (close == std::string_view::npos) return std::nullopt;
    const std::string_view name = rest.substr(0, close);
    if (name.starts_with("env.")) return in_quotes(use_of(name)) + ": this variable is not set";
    if (name.empty() || !std::all_of(name.begin(), name.end(), is_name_character)) continue;
    if (name == "PORT") return "${PORT} is only allotted to a model whose cmd uses it";
    if (name == "PID") return "${PID} is not known here, since nothing has been started yet";
    if (name == "MODEL_ID") return "${MODEL_ID} is only known inside a model";
    if (find(name) != nullptr) {
      return "the macro " + in_quotes(name) +
             " is used by a macro that stands before it; declare it first";
    }
    std::vector<std::string> names = {"PORT", "MODEL_ID"};
    for (const Macro& macro : list_) names.push_back(macro.name);
    const std::vector<std::string> near = nearest(name, names, 1);
    return "no macro is called " + in_quotes(name) +
           (near.empty() ? "" : "; did you mean " + in_quotes(near[0]) + "?");
  }
  return std::nullopt;
}

const Macros::Macro* Macros::find(std::string_view name) const {
  const auto found = std::find_if(list_.begin(), list_.end(),
                                  [&](const Macro& macro) { return macro.name == name; });
  return found == list_.end() ? nullptr : &*found;
}

}  // namespace corral::config
