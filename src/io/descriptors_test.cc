#include "io/descriptors.h"

#include <doctest/doctest.h>
#include <sys/resource.h>

namespace corral::io {
namespace {

rlimit limit_now() {
  rlimit limit{};
  REQUIRE(::getrlimit(RLIMIT_NOFILE, &limit) == 0);
  return limit;
}

TEST_CASE("the limit of descriptors is raised, but not beyond what the system allows") {
  const rlimit before = limit_now();
  REQUIRE(before.rlim_max > 100);
  rlimit low = before;
  low.rlim_cur = 64;
  REQUIRE(::setrlimit(RLIMIT_NOFILE, &low) == 0);

  CHECK(raise_descriptor_limit(80) == 80);
  CHECK(limit_now().rlim_cur == 80);
  CHECK(raise_descriptor_limit(70) == 80);  // never lowered
  if (before.rlim_max != RLIM_INFINITY) {
    const auto most = static_cast<std::size_t>(before.rlim_max);
    CHECK(raise_descriptor_limit(most + 1) == most);
  }
  REQUIRE(::setrlimit(RLIMIT_NOFILE, &before) == 0);
}

}  // namespace
}  // namespace corral::io
