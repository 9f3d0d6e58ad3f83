// Macros: named values that other values use as ${name}.
//
// The list has an order. It is applied from its end to its beginning, each macro once, so a macro
// may use those that stand before it and loops cannot arise. A value that is nothing but ${name}
// takes over the macro's type (ttl: ${t} with t: 60 is a number); elsewhere the text is inserted.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "config/yaml_tree.h"

namespace corral::config {

class Macros {
 public:
  // Reads a `macros` mapping. `owner` begins the messages: empty, or "model 'm': ". kInvalid for a
  // bad or reserved name, a value that is no scalar, or one that uses itself.
  static Result<Macros> read(const Node& mapping, const std::string& file,
                             const std::string& owner);

  // A single macro with one of the reserved names, which the config cannot define.
  static Macros reserved(std::string name, std::string value, bool number);

  // These macros with `inner` over them: a name that is here already is replaced where it stands.
  Macros overlaid(const Macros& inner) const;

  // Replaces macros in every value of the tree; keys stay. kLimit if a value grows beyond 1 MiB.
  Result<void> expand(Node& node, const std::string& file) const;

  // What is wrong with an expanded value: one sentence about the first ${name} that is left in it,
  // nothing if there is none.
  std::optional<std::string> leftover(std::string_view text) const;

 private:
  struct Macro {
    std::string name;
    Node value;
  };

  const Macro* find(std::string_view name) const;
  Result<void> expand_scalar(Node& node, const std::string& file) const;

  std::vector<Macro> list_;
};

}  // namespace corral::config
