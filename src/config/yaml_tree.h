// A YAML document as a tree, built from libyaml's events. Every node knows its line and column, so
// that a message can point at it. llama-swap reads with a port of libyaml, so the same files mean
// the same here.
//
// Anchors, aliases and `<<` merge keys are resolved. A key that stands twice in a mapping is
// refused. Depth, node count and file size are limited, which also stops alias bombs.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "config/mark.h"

namespace corral::config {

class Node {
 public:
  enum class Kind { kScalar, kSequence, kMapping };
  struct Entry;

  Kind kind = Kind::kScalar;
  Mark mark;
  std::string text;            // of a scalar
  bool plain = true;           // without quotes or !!str: may mean null, a number or a boolean
  std::vector<Node> items;     // of a sequence
  std::vector<Entry> entries;  // of a mapping, in the file's order

  bool is_null() const;
  // The value of a key, nullptr if it is absent.
  const Node* get(std::string_view key) const;
};

struct Node::Entry {
  std::string key;
  Mark mark;
  Node value;
};

// Parses one document. An empty file is an empty mapping. kInvalid with file:line:col otherwise.
Result<Node> parse_yaml(std::string_view text, const std::string& file);

}  // namespace corral::config
