// Edits of a JSON object as bytes: what an edit does not name stays as it was written, to the byte.
// Parsing a document and writing it again would change its numbers, its order and its spaces, and
// take many times its memory.
//
// Every edit reads the document once and checks that it is a valid object (json/scanner.h). A field
// that is edited may stand only once. `value` and `element` are valid JSON; what they are put into
// is not looked at again.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"

namespace corral::json {

// Replaces the value of the top-level field `name`, or adds the field behind the last one. kInvalid
// if the document is not valid, or names the field twice; the document is unchanged then.
Result<void> set_field(std::string& document, std::string_view name, std::string_view value);

// Adds `element` to the end of the array in the top-level field `name`. kInvalid as above and if
// that field is not an array; kNotFound if it is missing.
Result<void> append_element(std::string& document, std::string_view name, std::string_view element);

// Replaces the last element of that array. kNotFound if the field is missing or the array empty.
Result<void> set_last_element(std::string& document, std::string_view name,
                              std::string_view element);
// That element's bytes, valid as long as the document is unchanged.
Result<std::string_view> last_element(const std::string& document, std::string_view name);

// Adds `text` to the end of the string in the top-level field `name`. `text` is what stands between
// a string's quotes, escapes included. kInvalid as above and if that field is not a string;
// kNotFound if it is missing.
Result<void> append_text(std::string& document, std::string_view name, std::string_view text);

}  // namespace corral::json
