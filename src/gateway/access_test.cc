#include "gateway/access.h"

#include <doctest/doctest.h>

using namespace corral;
using namespace corral::gateway;

namespace {

// The status of the denial, 0 if the request may pass.
int verdict(const Access& access, std::vector<http::Header> headers,
            std::string_view path = "/v1/models") {
  http::RequestHead head;
  for (const http::Header& header : headers) head.headers.add(header);
  const auto denial = access.check(head, path);
  return denial ? denial->status : 0;
}

}  // namespace

TEST_CASE("without keys, names of this machine pass and others do not") {
  const Access access({.keys = {}, .origins = {}, .hosts = {"ai.home"}}, "Tower");
  for (const char* host : {"localhost", "localhost:45786", "LOCALHOST:1", "a.localhost",
                           "127.0.0.1", "127.0.0.1:45786", "[::1]:45786", "192.168.1.7:80", "tower",
                           "tower.local", "ai.home:1", "[fe80::1]"}) {
    CAPTURE(host);
    CHECK(verdict(access, {{"Host", host}}) == 0);
  }
  for (const char* host :
       {"evil.example", "evil.example:45786", "localhost.evil.example", "127.0.0.1.evil.example",
        "tower.evil.example", "", "notlocalhost", ":80"}) {
    CAPTURE(host);
    CHECK(verdict(access, {{"Host", host}}) == 403);
  }
  CHECK(verdict(access, {}) == 0);  // HTTP/1.0
}

TEST_CASE("without keys, pages of others may not ask, and programs and local pages may") {
  const Access access({.keys = {}, .origins = {"https://chat.example.com"}, .hosts = {}}, "");
  for (const char* origin : {"http://localhost:3000", "http://127.0.0.1", "http://[::1]:3000",
                             "https://chat.example.com", "vscode-webview://abc",
                             "app://obsidian.md", "http://192.168.1.7:45786"}) {
    CAPTURE(origin);
    CHECK(verdict(access, {{"Host", "192.168.1.7:45786"}, {"Origin", origin}}) == 0);
  }
  for (const char* origin :
       {"https://evil.example", "null", "", "http://192.168.1.8",
        "https://chat.example.com.evil.example", "http://localhost.evil.example"}) {
    CAPTURE(origin);
    CHECK(verdict(access, {{"Host", "192.168.1.7:45786"}, {"Origin", origin}}) == 403);
  }
}

TEST_CASE("what a foreign page embeds or links to is refused, though it has no Origin") {
  const Access open({.keys = {}, .origins = {}, .hosts = {}}, "");
  const Access keyed({.keys = {"first"}, .origins = {}, .hosts = {}}, "");
  const http::Header host = {"Host", "127.0.0.1"};
  const http::Header basic = {"Authorization",
                              "Basic bWU6Zmlyc3Q="};              // browsers add it by themselves
  const http::Header bearer = {"Authorization", "Bearer first"};  // this only a program does
  for (const char* site : {"cross-site", "same-site"}) {
    CHECK(verdict(open, {host, {"Sec-Fetch-Site", site}}, "/unload") == 403);
    CHECK(verdict(keyed, {host, basic, {"Sec-Fetch-Site", site}}, "/unload") == 403);
    CHECK(verdict(keyed, {host, bearer, {"Sec-Fetch-Site", site}}, "/unload") == 0);
    CHECK(verdict(open, {host, {"Sec-Fetch-Site", site}}, "/") == 0);
  }
  for (const char* site : {"none", "same-origin"}) {  // typed by a person, or asked by our own page
    CHECK(verdict(open, {host, {"Sec-Fetch-Site", site}}, "/unload") == 0);
    CHECK(verdict(keyed, {host, basic, {"Sec-Fetch-Site", site}}, "/unload") == 0);
  }
  CHECK(verdict(keyed, {host, basic, {"Origin", "https://evil.example"}}) == 403);
}

TEST_CASE("with keys, one of them is asked for in any of its three forms") {
  const Access access({.keys = {"first", "second"}, .origins = {}, .hosts = {}}, "");
  CHECK(verdict(access, {}) == 401);
  CHECK(verdict(access, {{"Authorization", "Bearer first"}}) == 0);
  CHECK(verdict(access, {{"authorization", "bearer  second"}}) == 0);
  CHECK(verdict(access, {{"Authorization", "Bearer third"}}) == 401);
  CHECK(verdict(access, {{"Authorization", "Bearer firs"}}) == 401);
  CHECK(verdict(access, {{"Authorization", "Bearer "}}) == 401);
  CHECK(verdict(access, {{"Authorization", "first"}}) == 401);
  CHECK(verdict(access, {{"X-Api-Key", "second"}}) == 0);
  CHECK(verdict(access, {{"X-Api-Key", ""}}) == 401);
  CHECK(verdict(access, {{"Authorization", "Basic bWU6Zmlyc3Q="}}) == 0);  // me:first
  CHECK(verdict(access, {{"Authorization", "Basic bWU6Zmlyc3Q"}}) == 0);
  CHECK(verdict(access, {{"Authorization", "Basic Zmlyc3Q6bWU="}}) == 401);  // first:me
  CHECK(verdict(access, {{"Authorization", "Basic !"}, {"X-Api-Key", "first"}}) == 0);
  CHECK(verdict(access, {}, "/health") == 0);
  CHECK(verdict(access, {}, "/") == 0);
  CHECK(verdict(access, {}, "/unload") == 401);
}

TEST_CASE("with a key, neither name nor page matters") {
  const Access access({.keys = {"first"}, .origins = {}, .hosts = {}}, "");
  CHECK(verdict(access, {{"Host", "ai.example"},
                         {"Origin", "https://chat.example"},
                         {"Authorization", "Bearer first"}}) == 0);
  CHECK(access.trusts("https://chat.example"));
}
