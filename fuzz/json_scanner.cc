// The scanner gives the same at every split; it accepts what nlohmann/json accepts as an object,
// and finds the same values. Known exceptions:
//   - a chosen field that stands twice, too deep a nesting and too long a value are refused by us;
//   - nlohmann passes over a byte order mark, takes a NUL byte for the end, and refuses numbers
//     beyond a double, which is no matter of grammar.
#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>

#include "base/check.h"
#include "fuzz/splits.h"
#include "json/scanner.h"

using namespace corral;

namespace {

struct Outcome {
  bool valid = false;
  Error error;
  std::vector<json::Field> fields;
  bool operator==(const Outcome& other) const {
    if (valid != other.valid || error.code != other.error.code) return false;
    if (error.message != other.error.message) return false;
    if (!valid) return true;
    for (std::size_t i = 0; i < fields.size(); ++i) {
      const json::Field& a = fields[i];
      const json::Field& b = other.fields[i];
      if (a.found != b.found || a.type != b.type || a.begin != b.begin || a.end != b.end ||
          a.value != b.value) {
        return false;
      }
    }
    return true;
  }
};

Outcome scan(const fuzz::Pieces& pieces) {
  json::Scanner scanner({"model", "stream", "usage"});
  Result<void> result;
  for (const std::string_view piece : pieces) {
    if (result.has_value()) result = scanner.push(piece);
  }
  if (result.has_value()) result = scanner.finish();
  Outcome outcome;
  outcome.valid = result.has_value();
  if (!outcome.valid) outcome.error = result.error();
  for (const char* name : {"model", "stream", "usage"}) {
    outcome.fields.push_back(*scanner.field(name));
  }
  return outcome;
}

void check_value(std::string_view input, const json::Field& field, const nlohmann::json& value) {
  const std::string_view bytes = input.substr(field.begin, field.end - field.begin);
  CHECK(nlohmann::json::parse(bytes) == value);
  switch (field.type) {
    case json::Type::kString:
      CHECK(value.is_string() && value.get<std::string>() == field.value);
      break;
    case json::Type::kNumber: CHECK(value.is_number() && field.value == bytes); break;
    case json::Type::kTrue: CHECK(value == true); break;
    case json::Type::kFalse: CHECK(value == false); break;
    case json::Type::kNull: CHECK(value.is_null()); break;
    case json::Type::kObject: CHECK(value.is_object() && field.value.empty()); break;
    case json::Type::kArray: CHECK(value.is_array() && field.value.empty()); break;
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  const Outcome whole = scan({input});
  fuzz::for_every_split(input, [&](const fuzz::Pieces& pieces) { CHECK(scan(pieces) == whole); });
  if (!whole.valid) CHECK(!whole.error.message.empty());

  nlohmann::json document;
  bool valid = true;
  try {
    document = nlohmann::json::parse(input);
  } catch (const nlohmann::json::out_of_range&) {
    return 0;
  } catch (const nlohmann::json::parse_error&) {
    valid = false;
  }
  if (!whole.valid) {
    const bool odd = input.starts_with('\xEF') || input.find('\0') != std::string_view::npos;
    const bool ours =
        whole.error.code == Code::kLimit || whole.error.message.find("twice") != std::string::npos;
    CHECK(odd || ours || !valid || !document.is_object());
    return 0;
  }
  CHECK(valid && document.is_object());
  for (const json::Field& field : whole.fields) {
    CHECK(field.found == document.contains(field.name));
    if (field.found) check_value(input, field, document[field.name]);
  }
  return 0;
}
