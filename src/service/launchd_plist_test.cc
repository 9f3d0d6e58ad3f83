#include "service/launchd_plist.h"

#include <doctest/doctest.h>

#include "service/test_definition.h"

using namespace corral;
using namespace corral::service;

namespace {

bool has(const Result<std::string>& plist, std::string_view part) {
  REQUIRE(plist.has_value());
  return plist->find(part) != std::string::npos;
}

}  // namespace

TEST_CASE("an agent starts at login, comes back after a failure, and is not held back") {
  const Result<std::string> plist = launchd_plist(sample());
  CHECK(has(plist, "<key>Label</key>\n  <string>corral</string>\n"));
  CHECK(has(plist,
            "<array>\n    <string>/opt/corral/bin/corral</string>\n    <string>serve</string>"));
  CHECK(has(plist, "<key>RunAtLoad</key>\n  <true/>\n"));
  CHECK(has(plist, "<dict>\n    <key>SuccessfulExit</key>\n    <false/>\n  </dict>"));
  CHECK(has(plist, "<key>ProcessType</key>\n  <string>Interactive</string>"));
  CHECK(has(plist, "<key>NumberOfFiles</key>\n    <integer>16384</integer>"));
}

TEST_CASE("what means something in XML is escaped") {
  Definition definition = sample();
  definition.arguments = {"a & b", "<c>", "]]>", "\r\n"};
  definition.path = "/x&y";
  const Result<std::string> plist = launchd_plist(definition);
  CHECK(has(plist, "<string>a &amp; b</string>"));
  CHECK(has(plist, "<string>&lt;c&gt;</string>"));
  CHECK(has(plist, "<string>]]&gt;</string>"));
  CHECK(has(plist, "<string>&#13;\n</string>"));
  CHECK(has(plist, "<string>/x&amp;y</string>"));
}

TEST_CASE("every hostile value can be written") {
  Definition definition = sample();
  definition.arguments = hostile_values();
  CHECK(launchd_plist(definition).has_value());
}

TEST_CASE("what XML cannot hold is refused, wherever it stands") {
  for (const char* bad : {"/\x01", "/a\x1f", "/\x0b", "/\xEF\xBF\xBE", "/\xEF\xBF\xBF", "/\xff"}) {
    for (std::string Definition::* member :
         {&Definition::program, &Definition::folder, &Definition::log, &Definition::path}) {
      Definition definition = sample();
      definition.*member = bad;
      const Result<std::string> plist = launchd_plist(definition);
      REQUIRE_FALSE(plist.has_value());
      CHECK(plist.error().code == Code::kInvalid);
    }
  }
}
