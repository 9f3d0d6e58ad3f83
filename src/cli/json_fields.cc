#include "cli/json_fields.h"

#include <nlohmann/json.hpp>

namespace corral::cli {

using Json = nlohmann::json;

std::string text_of(const Json& value, const char* key, std::string otherwise) {
  if (!value.is_object()) return otherwise;
  const auto found = value.find(key);
  return found != value.end() && found->is_string() ? found->get<std::string>() : otherwise;
}

double number_of(const Json& value, const char* key) {
  if (!value.is_object()) return 0;
  const auto found = value.find(key);
  return found != value.end() && found->is_number() ? found->get<double>() : 0;
}

bool is_true(const Json& value, const char* key) {
  if (!value.is_object()) return false;
  const auto found = value.find(key);
  return found != value.end() && found->is_boolean() && found->get<bool>();
}

std::string error_text(const Json& error, std::string otherwise) {
  if (error.is_string()) return error.get<std::string>();
  return text_of(error, "message", std::move(otherwise));
}

}  // namespace corral::cli
