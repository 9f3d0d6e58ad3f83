// Helpers of this room's tests: a config from text, in a small world.
#pragma once

#include <doctest/doctest.h>

#include <optional>
#include <string>
#include <string_view>

#include "config/config.h"

namespace corral::config {

inline std::optional<std::string> test_variable(std::string_view name) {
  if (name == "HOME") return "/home/ada";
  if (name == "DIR") return "/models";
  if (name == "QUOTED") return R"(a"b\c)";
  if (name == "EMPTY") return "";
  if (name == "LINES") return "a\nb";
  return std::nullopt;
}

inline Config parsed(std::string_view text) {
  const Result<Config> result = parse(text, "conf/c.yaml", test_variable);
  CAPTURE(text);
  const std::string message = result.has_value() ? "" : result.error().message;
  REQUIRE(message == "");
  return *result;
}

inline std::string refusal(std::string_view text) {
  const Result<Config> result = parse(text, "conf/c.yaml", test_variable);
  return result.has_value() ? "accepted" : result.error().message;
}

inline Model only_model(const Config& config) {
  REQUIRE(config.models.size() == 1);
  return config.models[0];
}

}  // namespace corral::config
