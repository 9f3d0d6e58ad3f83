#include "http/uri.h"

#include <doctest/doctest.h>

using namespace corral;
using namespace corral::http;

TEST_CASE("a target is split into its path and its query") {
  const auto both = [](std::string_view text) {
    const Target target = split_target(text);
    return std::string(target.path) + " " + std::string(target.query);
  };
  CHECK(both("/a/b?c=d?e") == "/a/b c=d?e");
  CHECK(both("/a") == "/a ");
  CHECK(both("http://h:1/a?b") == "/a b");
  CHECK(both("http://h") == "/ ");
  CHECK(both("http://h?b") == "/ b");
  CHECK(both("*") == "* ");
}

TEST_CASE("a query's values are decoded") {
  CHECK(query_value("a=1&model=qwen%2F3+b&model=2", "model") == "qwen/3 b");
  CHECK(query_value("a&b=", "a") == "");
  CHECK(query_value("a&b=", "b") == "");
  CHECK_FALSE(query_value("a=1", "b").has_value());
  CHECK_FALSE(query_value("a=%zz", "a").has_value());
  CHECK_FALSE(query_value("", "a").has_value());
}

TEST_CASE("a URL gives its host, its port and its prefix") {
  const Result<Url> full = parse_url("http://127.0.0.1:8080/v1/");
  REQUIRE(full.has_value());
  CHECK(full->host == "127.0.0.1");
  CHECK(full->port == 8080);
  CHECK(full->prefix == "/v1");
  const Result<Url> six = parse_url("HTTPS://[::1]");
  REQUIRE(six.has_value());
  CHECK(six->tls);
  CHECK(six->host == "::1");
  CHECK(six->port == 443);
  CHECK(six->prefix.empty());
}

TEST_CASE("a URL that is none is refused with a sentence") {
  for (const std::string_view text :
       {"", "localhost:80", "ftp://h", "http://", "http://:80", "http://h:", "http://h:0",
        "http://h:65536", "http://h:8x", "http://u@h", "http://h/?q", "http://h/#f", "http://h h",
        "http://[::1", "http://[::1]x"}) {
    CAPTURE(text);
    const Result<Url> url = parse_url(text);
    REQUIRE_FALSE(url.has_value());
    CHECK(url.error().code == Code::kInvalid);
  }
}
