#include "cli/service_file.h"

#include <doctest/doctest.h>
#include <unistd.h>

#include <filesystem>

#include "base/test_folder.h"

using namespace corral;
using namespace corral::cli;
namespace fs = std::filesystem;

namespace {

std::string entry(int pid, const std::string& url, const std::string& started) {
  return R"({"pid": )" + std::to_string(pid) + R"(, "url": ")" + url + R"(", "started": ")" +
         started + "\"}";
}

}  // namespace

TEST_CASE("a service is found while its file lives") {
  const Folder folder;
  {
    const Result<ServiceFile> file = ServiceFile::write(folder.path(), "http://h:1", "/c.yaml");
    REQUIRE(file.has_value());
    CHECK(known_services(folder.path()) == std::vector<std::string>{"http://h:1"});
    CHECK(url_of_service(folder.path(), ::getpid()) == "http://h:1");
    CHECK(url_of_service(folder.path(), ::getppid()).empty());
  }
  CHECK(fs::is_empty(folder.path()));
  CHECK_FALSE(ServiceFile::write("/nonexistent", "u", "").has_value());
}

TEST_CASE("a service whose file was cleaned away is found again when that is restored") {
  const Folder folder;
  const std::string runtime_dir = folder.path() + "/corral";
  fs::create_directory(runtime_dir);
  const Result<ServiceFile> file = ServiceFile::write(runtime_dir, "http://h:1", "/c.yaml");
  REQUIRE(file.has_value());
  fs::remove_all(runtime_dir);
  CHECK(known_services(runtime_dir).empty());
  CHECK(file->restore().has_value());
  CHECK(known_services(runtime_dir) == std::vector<std::string>{"http://h:1"});
  CHECK(fs::status(runtime_dir).permissions() == fs::perms::owner_all);
  // What somebody else has put in its place is left alone.
  fs::remove_all(runtime_dir);
  folder.file("", "corral");
  CHECK_FALSE(file->restore().has_value());
}

TEST_CASE("the newest service comes first; files that tell nothing are passed over") {
  const Folder folder;
  const int alive = static_cast<int>(::getpid());
  folder.file(entry(alive, "old", "2026-01-01T00:00:00.000Z"), "service-1.json");
  folder.file(entry(alive, "new", "2026-01-02T00:00:00.000Z"), "service-2.json");
  folder.file(entry(0x7ffffff0, "dead", "2026-01-03T00:00:00.000Z"), "service-3.json");
  folder.file("", "service-4.json");
  folder.file(R"({"pid": "x", "url": []})", "service-5.json");
  folder.file(entry(alive, "half", "2026-01-04T00:00:00.000Z"), "service-6.tmp");
  folder.file(entry(alive, "other", "2026-01-05T00:00:00.000Z"), "other.json");
  CHECK(known_services(folder.path()) == std::vector<std::string>{"new", "old"});
  CHECK(known_services("/nonexistent").empty());
}
