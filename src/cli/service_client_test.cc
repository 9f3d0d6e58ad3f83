#include "cli/service_client.h"

#include <doctest/doctest.h>

using namespace corral;
using namespace corral::cli;

TEST_CASE("the address of a service may be written as people have it at hand") {
  CHECK(full_url("http://127.0.0.1:45786") == "http://127.0.0.1:45786");
  CHECK(full_url("http://127.0.0.1:45786/") == "http://127.0.0.1:45786");
  CHECK(full_url("http://127.0.0.1:45786/v1") == "http://127.0.0.1:45786");
  CHECK(full_url("http://127.0.0.1:45786/v1/") == "http://127.0.0.1:45786");
  CHECK(full_url("http://127.0.0.1:45786/corral/v1") == "http://127.0.0.1:45786/corral");
  CHECK(full_url("localhost:45786") == "http://localhost:45786");
  CHECK(full_url("localhost:45786/v1") == "http://localhost:45786");
}
