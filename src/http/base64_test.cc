#include "http/base64.h"

#include <doctest/doctest.h>

using corral::http::base64_decode;

TEST_CASE("the examples of RFC 4648 decode, with and without padding") {
  CHECK(base64_decode("") == "");
  CHECK(base64_decode("Zg==") == "f");
  CHECK(base64_decode("Zg") == "f");
  CHECK(base64_decode("Zm8=") == "fo");
  CHECK(base64_decode("Zm9v") == "foo");
  CHECK(base64_decode("Zm9vYmE=") == "fooba");
  CHECK(base64_decode("Zm9vYmFy") == "foobar");
  CHECK(base64_decode("+/+/") == "\xFB\xFF\xBF");
}

TEST_CASE("what is not base64 is nothing") {
  for (const char* text : {"Z", "Zg=", "Zg===", "Zm=v", "Zm9v!", "Zm 9v", "Zh==", "====", "-_-_"}) {
    CAPTURE(text);
    CHECK_FALSE(base64_decode(text).has_value());
  }
}
