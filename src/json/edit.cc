#include "json/edit.h"

#include "json/cursor.h"
#include "json/scanner.h"

namespace corral::json {
namespace {

bool is_space(char c) { return c == ' ' || c == '\n' || c == '\r' || c == '\t'; }

Result<Field> find(const std::string& document, std::string_view name) {
  Scanner scanner({name}, Scanner::Keep::kPlaces);
  Result<void> read = scanner.push(document);
  if (read.has_value()) read = scanner.finish();
  if (!read.has_value()) return std::unexpected(read.error());
  return *scanner.field(name);
}

// The same for a field that has to be there.
Result<Field> find(const std::string& document, std::string_view name, Type type) {
  Result<Field> field = find(document, name);
  if (!field.has_value()) return field;
  const std::string quoted = "\"" + std::string(name) + "\"";
  if (!field->found) return fail(Code::kNotFound, "the object has no field " + quoted);
  if (field->type == type) return field;
  const char* const wanted = type == Type::kArray ? "an array" : "a string";
  return fail(Code::kInvalid, "the object's field " + quoted + " is not " + wanted);
}

// The last byte before `at` that is no space. Requires: there is one.
std::size_t before(std::string_view text, std::size_t at) {
  while (is_space(text[--at])) continue;
  return at;
}

}  // namespace

Result<void> set_field(std::string& document, std::string_view name, std::string_view value) {
  const Result<Field> field = find(document, name);
  if (!field.has_value()) return std::unexpected(field.error());
  if (field->found) {
    document.replace(field->begin, field->end - field->begin, value);
    return {};
  }
  const std::size_t close = document.rfind('}');
  const std::size_t last = before(document, close);
  std::string added = document[last] == '{' ? "\"" : ",\"";
  added.append(name).append("\":").append(value);
  document.insert(last + 1, added);
  return {};
}

Result<void> append_element(std::string& document, std::string_view name,
                            std::string_view element) {
  const Result<Field> field = find(document, name, Type::kArray);
  if (!field.has_value()) return std::unexpected(field.error());
  const std::size_t last = before(document, field->end - 1);
  std::string added = last == field->begin ? "" : ",";
  added.append(element);
  document.insert(last + 1, added);
  return {};
}

Result<std::string_view> last_element(const std::string& document, std::string_view name) {
  const Result<Field> field = find(document, name, Type::kArray);
  if (!field.has_value()) return std::unexpected(field.error());
  std::string_view last;
  Cursor cursor(std::string_view(document).substr(field->begin, field->end - field->begin));
  cursor.array([&] { return cursor.value(last); });
  if (last.empty()) {
    return fail(Code::kNotFound, "the array \"" + std::string(name) + "\" is empty");
  }
  return last;
}

Result<void> set_last_element(std::string& document, std::string_view name,
                              std::string_view element) {
  const Result<std::string_view> last = last_element(document, name);
  if (!last.has_value()) return std::unexpected(last.error());
  document.replace(static_cast<std::size_t>(last->data() - document.data()), last->size(), element);
  return {};
}

Result<void> append_text(std::string& document, std::string_view name, std::string_view text) {
  const Result<Field> field = find(document, name, Type::kString);
  if (!field.has_value()) return std::unexpected(field.error());
  document.insert(field->end - 1, text);
  return {};
}

}  // namespace corral::json
