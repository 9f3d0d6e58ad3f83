#include "json/cursor.h"

#include <doctest/doctest.h>

#include <string>

using corral::json::Cursor;

TEST_CASE("fields and elements are visited in order, with their bytes") {
  const std::string text = R"( { "a" : [ 1 , {"x":"]"} ,"s\"" ] , "b":-1.5e3 } )";
  Cursor cursor(text);
  std::string seen;
  const bool whole = cursor.object([&](std::string_view name) {
    seen.append(name).append("=");
    if (name == "a") {
      return cursor.array([&] {
        std::string_view element;
        const bool read = cursor.value(element);
        seen.append(element).append(";");
        return read;
      });
    }
    std::string_view value;
    const bool read = cursor.value(value);
    seen.append(value);
    return read;
  });
  CHECK(whole);
  CHECK_FALSE(cursor.failed());
  CHECK(seen == R"(a=1;{"x":"]"};"s\"";b=-1.5e3)");
}

TEST_CASE("a walk that is stopped has not failed") {
  Cursor cursor(R"({"a":1,"b":broken)");
  CHECK_FALSE(cursor.object([&](std::string_view) {
    cursor.skip();
    return false;
  }));
  CHECK_FALSE(cursor.failed());
}

TEST_CASE("no beginning of a value is taken for a whole one") {
  const std::string text = R"({"a":[1,{"x":"\"]"}],"b":{"c":[[]]}})";
  for (std::size_t size = 0; size < text.size(); ++size) {
    CAPTURE(size);
    const std::string part = text.substr(0, size);
    Cursor cursor(part);
    CHECK_FALSE(cursor.skip());
    CHECK(cursor.failed());
  }
  Cursor cursor(text);
  CHECK(cursor.skip());
  CHECK(cursor.at() == text.size());
}

TEST_CASE("depth costs no stack") {
  const std::string text = std::string(1'000'000, '[') + std::string(1'000'000, ']');
  Cursor cursor(text);
  CHECK(cursor.skip());
}
