#include "config/reader.h"

#include <optional>

#include "config/scalar.h"

namespace corral::config {

void Reader::enter(std::string owner, Macros macros) {
  owner_ = std::move(owner);
  macros_ = std::move(macros);
}

std::unexpected<Error> Reader::wrong(Mark mark, std::string_view text) const {
  return fail(Code::kInvalid, at(file_, mark, owner_ + std::string(text)));
}

void Reader::warn(Mark mark, std::string_view text) {
  warnings_.insert({{mark.line, mark.column}, at(file_, mark, owner_ + std::string(text))});
}

void Reader::keep(Mark mark, const Error& error) {
  errors_.insert({{{mark.line, mark.column}, error.message}, error.code});
}

namespace {

constexpr std::size_t kMost = 100;  // errors or warnings that are told

}  // namespace

std::vector<Error> Reader::take_errors() {
  std::vector<Error> result;
  for (const auto& [place, code] : errors_) {
    if (result.size() == kMost) {
      const std::string more = std::to_string(errors_.size() - kMost);
      result.push_back({code, at(file_, {place.first.first, place.first.second},
                                 "and " + more + " more errors from here on")});
      break;
    }
    result.push_back({code, place.second});
  }
  errors_.clear();
  return result;
}

std::vector<std::string> Reader::take_warnings() {
  std::vector<std::string> result;
  for (const auto& [place, text] : warnings_) {
    if (result.size() == kMost) {
      const std::string more = std::to_string(warnings_.size() - kMost);
      result.push_back(
          at(file_, {place.first, place.second}, "and " + more + " more warnings from here on"));
      break;
    }
    result.push_back(text);
  }
  warnings_.clear();
  return result;
}

// A list or mapping where one value is needed, and macros and NUL in the value, are refused here.
Result<void> Reader::scalar(const Node::Entry& entry, const Node& node,
                            std::string_view wanted) const {
  if (node.kind != Node::Kind::kScalar || node.is_null())
    return wrong(node.mark,
                 entry.key + " must be " + std::string(wanted) + ", not " + described(node));
  const std::optional<std::string> macro = macros_.leftover(node.text);
  if (macro.has_value()) return wrong(node.mark, entry.key + ": " + *macro);
  if (node.text.find('\0') != std::string::npos)
    return wrong(node.mark, entry.key + " has a NUL character, which cannot be used");
  return {};
}

Result<void> Reader::read(const Node::Entry& entry, std::string& out) const {
  const Result<void> fits = scalar(entry, entry.value, "text");
  if (fits.has_value()) out = entry.value.text;
  return fits;
}

Result<void> Reader::read(const Node::Entry& entry, std::int64_t& out) const {
  const Node& node = entry.value;
  const Result<void> fits = scalar(entry, node, "a whole number");
  if (!fits.has_value()) return fits;
  const std::optional<std::int64_t> number = to_integer(node.text);
  if (!number.has_value())
    return wrong(node.mark, entry.key + " must be a whole number, not " + described(node));
  if (!node.plain)
    return wrong(node.mark, entry.key + " must be a number, and " + described(node) +
                                " is text; write it without quotes");
  out = *number;
  return {};
}

Result<void> Reader::read(const Node::Entry& entry, bool& out) const {
  const Result<void> fits = scalar(entry, entry.value, "true or false");
  if (!fits.has_value()) return fits;
  const std::optional<bool> value = to_boolean(entry.value);
  if (!value.has_value())
    return wrong(entry.value.mark,
                 entry.key + " must be true or false, not " + described(entry.value));
  out = *value;
  return {};
}

Result<void> Reader::read(const Node::Entry& entry, std::vector<std::string>& out) const {
  const Node& node = entry.value;
  if (node.kind != Node::Kind::kSequence)
    return wrong(node.mark, entry.key + " must be a list, not " + described(node));
  out.clear();
  for (const Node& item : node.items) {
    const Result<void> fits = scalar(entry, item, "a list of text");
    if (!fits.has_value()) return fits;
    out.push_back(item.text);
  }
  return {};
}

std::unexpected<Error> Reader::no_mapping(const Node::Entry& entry) const {
  return wrong(entry.value.mark,
               entry.key + " must be a mapping of keys to values, not " + described(entry.value));
}

void Reader::warn_unknown(const Node::Entry& entry, const std::vector<std::string>& names) {
  const std::vector<std::string> near = nearest(entry.key, names, 1);
  warn(entry.mark, "unknown key " + in_quotes(entry.key) + " is ignored" +
                       (near.empty() ? "" : "; did you mean " + in_quotes(near[0]) + "?"));
}

void Reader::warn_not_yet(const Node::Entry& entry) {
  warn(entry.mark,
       "llama-swap's key " + in_quotes(entry.key) + " is not supported yet and is ignored");
}

}  // namespace corral::config
