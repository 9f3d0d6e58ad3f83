#include "base/ip_address.h"

#include <doctest/doctest.h>

#include <string>
#include <vector>

using namespace corral;

TEST_CASE("addresses are told from names") {
  for (const char* text : {"127.0.0.1", "0.0.0.0", "192.168.1.7"}) CHECK(is_ip4_address(text));
  for (const char* text : {"::1", "::", "fe80::1", "::ffff:127.0.0.1"}) CHECK(is_ip6_address(text));
  for (const std::string& text :
       std::vector<std::string>{"", "localhost", "127.0.0.1.evil.example", "127.1", "[::1]",
                                "1.2.3.4 ", "::1%lo", std::string(100, '1')}) {
    CAPTURE(text);
    CHECK_FALSE(is_ip4_address(text));
    CHECK_FALSE(is_ip6_address(text));
  }
}

TEST_CASE("loopback is what only this machine reaches") {
  for (const char* host :
       {"localhost", "LocalHost", "a.localhost", "127.0.0.1", "127.8.9.1", "::1"}) {
    CAPTURE(host);
    CHECK(is_loopback(host));
  }
  for (const char* host : {"", ".localhost", "notlocalhost", "localhost.example", "127.example",
                           "0.0.0.0", "::", "192.168.1.7"}) {
    CAPTURE(host);
    CHECK_FALSE(is_loopback(host));
  }
}
