#include "cli/service_file.h"

#include <doctest/doctest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

using namespace corral;
using namespace corral::cli;
namespace fs = std::filesystem;

namespace {

struct Folder {
  Folder() {
    char name[] = "/tmp/corral-test-XXXXXX";
    path = ::mkdtemp(name);
  }
  ~Folder() { fs::remove_all(path); }
  void add(const std::string& name, const std::string& text) const {
    std::ofstream(path + "/" + name) << text;
  }
  std::string path;
};

std::string entry(int pid, const std::string& url, const std::string& started) {
  return R"({"pid": )" + std::to_string(pid) + R"(, "url": ")" + url + R"(", "started": ")" +
         started + "\"}";
}

}  // namespace

TEST_CASE("a service is found while its file lives") {
  const Folder folder;
  {
    const Result<ServiceFile> file = ServiceFile::write(folder.path, "http://h:1", "/c.yaml");
    REQUIRE(file.has_value());
    CHECK(known_services(folder.path) == std::vector<std::string>{"http://h:1"});
  }
  CHECK(fs::is_empty(folder.path));
  CHECK_FALSE(ServiceFile::write("/nonexistent", "u", "").has_value());
}

TEST_CASE("the newest service comes first; files that tell nothing are passed over") {
  const Folder folder;
  const int alive = static_cast<int>(::getpid());
  folder.add("service-1.json", entry(alive, "old", "2026-01-01T00:00:00.000Z"));
  folder.add("service-2.json", entry(alive, "new", "2026-01-02T00:00:00.000Z"));
  folder.add("service-3.json", entry(0x7ffffff0, "dead", "2026-01-03T00:00:00.000Z"));
  folder.add("service-4.json", "");
  folder.add("service-5.json", R"({"pid": "x", "url": []})");
  folder.add("service-6.tmp", entry(alive, "half", "2026-01-04T00:00:00.000Z"));
  folder.add("other.json", entry(alive, "other", "2026-01-05T00:00:00.000Z"));
  CHECK(known_services(folder.path) == std::vector<std::string>{"new", "old"});
  CHECK(known_services("/nonexistent").empty());
}
