// A definition for tests, and values that a format may stumble over.
#pragma once

#include <string>
#include <vector>

#include "service/definition.h"

namespace corral::service {

inline Definition sample() {
  Definition sample;
  sample.label = "corral";
  sample.program = "/opt/corral/bin/corral";
  sample.arguments = serve_arguments("/home/ada/config.yaml", "127.0.0.1:45786");
  sample.path = "/opt/corral/bin:/usr/bin";
  sample.folder = "/home/ada";
  sample.log = "/home/ada/corral.log";
  return sample;
}

// Each may stand in an argument.
inline std::vector<std::string> hostile_values() {
  return {"",
          " ",
          "a b",
          " led and followed ",
          "\"double\"",
          "'single'",
          "back\\slash\\",
          "%h %% %",
          "$HOME ${HOME} $$ $",
          "&amp; <b> ]]>",
          ";",
          "#",
          "-dash",
          "@at !x +y :z",
          "tab\there",
          "new\nline",
          "return\rhere\r\n",
          "gr\u00fc\u00dfe \u4e16\u754c \U0001F600",
          "line\u2028separator\u0085",
          std::string(1000, 'x'),
          std::string(500, '%') + std::string(500, '"')};
}

}  // namespace corral::service
