#include "engine/runtime_dir.h"

#include <doctest/doctest.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <filesystem>
#include <fstream>

using namespace corral;
using namespace corral::engine;
namespace fs = std::filesystem;

namespace {

struct Folder {
  Folder() {
    char name[] = "/tmp/corral-test-XXXXXX";
    path = ::mkdtemp(name);
  }
  ~Folder() { fs::remove_all(path); }
  std::string path;

  Result<std::string> make(std::string variable = "XDG_RUNTIME_DIR") const {
    return make_runtime_dir([&](std::string_view name) -> std::optional<std::string> {
      if (name == variable) return path;
      return std::nullopt;
    });
  }
};

// A process number that was ours and is free again.
pid_t dead_pid() {
  const pid_t pid = ::fork();
  if (pid == 0) ::_exit(0);
  ::waitpid(pid, nullptr, 0);
  return pid;
}

}  // namespace

TEST_CASE("the folder of sockets is private, whatever it was before") {
  const Folder folder;
  fs::create_directory(folder.path + "/corral");
  fs::permissions(folder.path + "/corral", fs::perms::all);
  const Result<std::string> path = folder.make();
  REQUIRE(path.has_value());
  CHECK(*path == folder.path + "/corral");
  struct stat found{};
  REQUIRE(::stat(path->c_str(), &found) == 0);
  CHECK((found.st_mode & 0777) == 0700);
}

TEST_CASE("without a runtime folder the temporary one is used, with the user's number") {
  const Folder folder;
  const Result<std::string> path = folder.make("TMPDIR");
  REQUIRE(path.has_value());
  CHECK(*path == folder.path + "/corral-" + std::to_string(::geteuid()));
}

TEST_CASE("a folder of sockets that is a link or a file is refused") {
  const Folder folder;
  fs::create_directory(folder.path + "/elsewhere");
  fs::create_directory_symlink(folder.path + "/elsewhere", folder.path + "/corral");
  CHECK_FALSE(folder.make().has_value());
  fs::remove(folder.path + "/corral");
  std::ofstream(folder.path + "/corral") << "text";
  CHECK_FALSE(folder.make().has_value());
}

TEST_CASE("a folder of sockets of another user is refused") {
  if (::geteuid() != 0) return;
  const Folder folder;
  fs::create_directory(folder.path + "/corral");
  REQUIRE(::chown((folder.path + "/corral").c_str(), 12345, 12345) == 0);
  const Result<std::string> path = folder.make();
  REQUIRE_FALSE(path.has_value());
  CHECK(path.error().code == Code::kInvalid);
}

TEST_CASE("a folder of sockets whose path is too long is refused with the reason") {
  Folder folder;
  const std::string top = folder.path;
  folder.path += "/" + std::string(90, 'x');
  const Result<std::string> path = folder.make();
  folder.path = top;
  REQUIRE_FALSE(path.has_value());
  CHECK(path.error().message.find("too long") != std::string::npos);
}

TEST_CASE("sockets of a dead Corral are removed, those of a living one and other files stay") {
  const Folder folder;
  const Result<std::string> path = folder.make();
  REQUIRE(path.has_value());
  const std::string dead = *path + "/" + std::to_string(dead_pid()) + "-0123456789abcdef.sock";
  const std::string ours = worker_socket(*path, "model");
  const std::string other = *path + "/notes.sock.txt";
  for (const std::string& file : {dead, ours, other}) std::ofstream(file) << "";
  REQUIRE(folder.make().has_value());
  CHECK_FALSE(fs::exists(dead));
  CHECK(fs::exists(ours));
  CHECK(fs::exists(other));
}

TEST_CASE("each model has a socket of its own, always the same") {
  CHECK(worker_socket("/run/c", "a") == worker_socket("/run/c", "a"));
  CHECK(worker_socket("/run/c", "a") != worker_socket("/run/c", "b"));
  CHECK(worker_socket("/run/c", "x/../y").find('/', 7) == std::string::npos);
}

TEST_CASE("files of services that are gone are removed, and others stay") {
  const Folder folder;
  const Result<std::string> path = folder.make();
  REQUIRE(path.has_value());
  const std::string dead = *path + "/service-" + std::to_string(dead_pid());
  const std::string own = *path + "/service-" + std::to_string(::getpid()) + ".json";
  for (const std::string& name : {dead + ".json", dead + ".tmp", own, *path + "/service-x.json"}) {
    std::ofstream(name) << "{}";
  }
  REQUIRE(folder.make().has_value());
  CHECK_FALSE(fs::exists(dead + ".json"));
  CHECK_FALSE(fs::exists(dead + ".tmp"));
  CHECK(fs::exists(own));
  CHECK(fs::exists(*path + "/service-x.json"));
}

TEST_CASE("a folder that others may enter is not found") {
  const Folder folder;
  const auto environment = [&](std::string_view name) -> std::optional<std::string> {
    if (name == "XDG_RUNTIME_DIR") return folder.path;
    return std::nullopt;
  };
  CHECK_FALSE(find_runtime_dir(environment).has_value());
  const Result<std::string> path = folder.make();
  REQUIRE(path.has_value());
  CHECK(find_runtime_dir(environment) == *path);
  fs::permissions(*path, fs::perms::all);
  CHECK_FALSE(find_runtime_dir(environment).has_value());
}
