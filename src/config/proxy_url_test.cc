#include "config/proxy_url.h"

#include <doctest/doctest.h>

using namespace corral;
using namespace corral::config;

TEST_CASE("a proxy URL gives host, port and prefix") {
  struct Row {
    const char* text;
    const char* host;
    int port;
    const char* path;
  };
  const Row rows[] = {
      {"http://localhost:5800", "localhost", 5800, ""},
      {"http://127.0.0.1", "127.0.0.1", 80, ""},
      {"http://10.0.0.1:1/", "10.0.0.1", 1, ""},
      {"HTTP://LOCALHOST:65535/a/b/", "localhost", 65535, "/a/b"},
      {"http://[fe80::1]:2/x", "fe80::1", 2, "/x"},
      {"http://[::1]", "::1", 80, ""},
  };
  for (const Row& row : rows) {
    CAPTURE(row.text);
    const Result<ProxyUrl> url = parse_proxy_url(row.text);
    REQUIRE(url.has_value());
    CHECK(url->host == row.host);
    CHECK(url->port == row.port);
    CHECK(url->path == row.path);
  }
}

TEST_CASE("other URLs are refused with what is wrong") {
  struct Row {
    const char* text;
    const char* why;
  };
  const Row rows[] = {
      {"", "is not of the form"},
      {"localhost:80", "is not of the form"},
      {"ftp://h", "is not of the form"},
      {"http://", "is not of the form"},
      {"http://:80", "is not of the form"},
      {"http://a%41", "is not of the form"},
      {"http://[::1]x", "is not of the form"},
      {"http://myhost:80", "names are not looked up"},
      {"http://10.0.0.256", "names are not looked up"},
      {"http://[10.0.0.1]", "names are not looked up"},
      {"http://[:::1]", "names are not looked up"},
      {"https://h", "https"},
      {"http://127.0.0.1:", "needs a port"},
      {"http://127.0.0.1:0", "needs a port"},
      {"http://127.0.0.1:65536", "needs a port"},
      {"http://127.0.0.1:1:2", "needs a port"},
      {"http://[::1", "not closed"},
      {"http://u@h", "user name"},
      {"http://h/?a", "query"},
      {"http://h/a b", "a space"},
      {"http://\xC3\xA9", "not ASCII"},
  };
  for (const Row& row : rows) {
    CAPTURE(row.text);
    const Result<ProxyUrl> url = parse_proxy_url(row.text);
    REQUIRE_FALSE(url.has_value());
    CHECK(url.error().message.find(row.why) != std::string::npos);
  }
}
