// Reads typed values out of a tree by tables of keys, and knows how to complain about them.
//
// A mapping of the config is a table of Key rows. A row with a reader is a key that we have; one
// without is a key of llama-swap that we do not have yet, which gives a warning; a key in no row
// gives a warning with the nearest name. To add a key, give its row a reader.
#pragma once

#include <algorithm>
#include <cstdint>
#include <map>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "base/strings.h"
#include "config/macros.h"
#include "config/yaml_tree.h"

namespace corral::config {

class Reader;

template <class T>
struct Key {
  std::string_view name;
  Result<void> (*read)(Reader& reader, const Node::Entry& entry, T& out);  // nullptr: not yet
};

class Reader {
 public:
  explicit Reader(std::string file) : file_(std::move(file)) {}

  const std::string& file() const { return file_; }

  // From here on messages begin with `owner` (empty, or "model 'm': "), and macros that are left in
  // a value are judged by `macros`.
  void enter(std::string owner, Macros macros);

  // An error of the given place.
  std::unexpected<Error> wrong(Mark mark, std::string_view text) const;
  void warn(Mark mark, std::string_view text);
  // Keeps an error, so that reading can go on behind it. `mark` gives its place among the others.
  void keep(Mark mark, const Error& error);
  bool has_errors() const { return !errors_.empty(); }
  // Each in the file's order and once; at most a hundred and a last one that counts.
  std::vector<Error> take_errors();
  std::vector<std::string> take_warnings();

  // Each reads the entry's value, or refuses it at its place. Text may not hold NUL or a macro.
  Result<void> read(const Node::Entry& entry, std::string& out) const;
  Result<void> read(const Node::Entry& entry, std::int64_t& out) const;
  Result<void> read(const Node::Entry& entry, bool& out) const;
  Result<void> read(const Node::Entry& entry, std::vector<std::string>& out) const;

  // Reads every entry of `mapping` into `out`. A value that is null leaves its default. Whether all
  // could be read; the errors of those that could not are kept.
  template <class T>
  bool read(const Node& mapping, std::span<const Key<T>> keys, T& out) {
    bool all = true;
    for (const Node::Entry& entry : mapping.entries) {
      const Result<void> done = read_by(entry, keys, out);
      if (!done.has_value()) keep(entry.mark, done.error());
      all = all && done.has_value();
    }
    return all;
  }

  // Reads a mapping that is the value of an entry. Returns its first error; others are kept.
  template <class T>
  Result<void> read_inner(const Node::Entry& entry, std::span<const Key<T>> keys, T& out) {
    if (entry.value.kind != Node::Kind::kMapping) return no_mapping(entry);
    Result<void> all;
    for (const Node::Entry& child : entry.value.entries) {
      Result<void> done = read_by(child, keys, out);
      if (done.has_value()) continue;
      if (all.has_value()) {
        all = std::move(done);
      } else {
        keep(child.mark, done.error());
      }
    }
    return all;
  }

 private:
  template <class T>
  Result<void> read_by(const Node::Entry& entry, std::span<const Key<T>> keys, T& out) {
    const auto key = std::find_if(keys.begin(), keys.end(),
                                  [&](const Key<T>& row) { return row.name == entry.key; });
    if (key == keys.end()) {
      std::vector<std::string> names;
      for (const Key<T>& row : keys) names.emplace_back(row.name);
      warn_unknown(entry, names);
    } else if (key->read == nullptr) {
      warn_not_yet(entry);
    } else if (!entry.value.is_null()) {
      return key->read(*this, entry, out);
    }
    return {};
  }
  std::unexpected<Error> no_mapping(const Node::Entry& entry) const;
  Result<void> scalar(const Node::Entry& entry, const Node& node, std::string_view wanted) const;
  void warn_unknown(const Node::Entry& entry, const std::vector<std::string>& names);
  void warn_not_yet(const Node::Entry& entry);

  using Place = std::pair<int, int>;  // line, column

  std::string file_;
  std::string owner_;
  Macros macros_;
  std::set<std::pair<Place, std::string>> warnings_;
  std::map<std::pair<Place, std::string>, Code> errors_;
};

}  // namespace corral::config
