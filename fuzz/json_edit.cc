// Each edit of json/edit gives the document that nlohmann/json gives after the same edit, and no
// byte of it changes but those that the edit names. What the scanner refuses no edit touches.
#include <cstdint>
#include <functional>
#include <nlohmann/json.hpp>
#include <string>

#include "base/check.h"
#include "json/edit.h"
#include "json/scanner.h"

using namespace corral;
using Json = nlohmann::json;

namespace {

constexpr std::string_view kName = "m";

// The bytes of `after` are those of `before` with one piece put in, or taken out.
bool one_piece(std::string_view before, std::string_view after) {
  if (before.size() > after.size()) return one_piece(after, before);
  std::size_t first = 0;
  while (first < before.size() && before[first] == after[first]) ++first;
  std::size_t last = 0;
  while (last < before.size() && before[before.size() - 1 - last] == after[after.size() - 1 - last])
    ++last;
  return first + last >= before.size();
}

struct Document {
  std::string text;
  Json json;
  bool valid = false;  // and the field stands at most once
  json::Field field;
};

using Edit = std::function<Result<void>(std::string&)>;

// Edits the text as bytes and the document as it is parsed, and compares. `possible`: what the
// field is allows the edit.
void check(const Document& document, bool possible, const Edit& edit,
           const std::function<void(Json&)>& same) {
  std::string text = document.text;
  const Result<void> done = edit(text);
  CHECK(done.has_value() == (document.valid && possible));
  if (!done.has_value()) {
    CHECK(text == document.text && !done.error().message.empty());
    return;
  }
  Json json = document.json;
  same(json);
  CHECK(Json::parse(text) == json);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  Document document;
  document.text.assign(reinterpret_cast<const char*>(data), size);
  json::Scanner scanner({kName}, json::Scanner::Keep::kPlaces);
  document.valid = scanner.push(document.text).has_value() && scanner.finish().has_value();
  document.field = *scanner.field(kName);
  if (document.valid) {
    try {
      document.json = Json::parse(document.text);
    } catch (const Json::exception&) {
      return 0;  // a number beyond a double, which is no matter of grammar
    }
  }
  const json::Field& field = document.field;
  const bool is_array = field.found && field.type == json::Type::kArray;
  const bool is_text = field.found && field.type == json::Type::kString;
  const bool has_last = document.valid && is_array && !document.json[kName].empty();
  const std::string key(kName);

  check(
      document, true,
      [&](std::string& text) {
        const Result<void> done = json::set_field(text, kName, "[7]");
        if (done.has_value() && !field.found) CHECK(one_piece(document.text, text));
        if (done.has_value() && field.found) {
          CHECK(text ==
                document.text.substr(0, field.begin) + "[7]" + document.text.substr(field.end));
        }
        return done;
      },
      [&](Json& json) { json[key] = {7}; });
  check(
      document, is_array,
      [&](std::string& text) {
        const Result<void> done = json::append_element(text, kName, R"({"a":"]"})");
        CHECK(one_piece(document.text, text));
        return done;
      },
      [&](Json& json) { json[key].push_back({{"a", "]"}}); });
  check(
      document, has_last,
      [&](std::string& text) { return json::set_last_element(text, kName, "null"); },
      [&](Json& json) { json[key].back() = nullptr; });
  check(
      document, is_text,
      [&](std::string& text) {
        const Result<void> done = json::append_text(text, kName, R"(\n\"x)");
        CHECK(one_piece(document.text, text));
        return done;
      },
      [&](Json& json) { json[key] = json[key].get<std::string>() + "\n\"x"; });
  if (has_last) {
    CHECK(Json::parse(*json::last_element(document.text, kName)) == document.json[key].back());
  }
  return 0;
}
