#include "engine/memory_group.h"

#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <optional>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "base/test_folder.h"

using namespace corral;
using namespace corral::engine;

namespace {

namespace fs = std::filesystem;

std::string text_of(const std::string& path) {
  std::ifstream file(path);
  return {std::istreambuf_iterator<char>(file), {}};
}

bool contains(const Result<MemoryGroup>& group, const std::string& part) {
  return !group.has_value() && group.error().message.find(part) != std::string::npos;
}

// A folder that looks like a delegated group to which nothing happens: what the kernel does with a
// group is tried in tests/vm.
struct Tree {
  Tree() {
    folder.file("", "cgroup.procs");
    folder.file("", "cgroup.subtree_control");
  }
  std::string at(const std::string& name) const { return folder.path() + "/" + name; }

  Folder folder;
};

}  // namespace

TEST_CASE("no group can be made where none is") {
  CHECK(contains(MemoryGroup::make_in("/nowhere", 1), "/nowhere/corral"));
}

TEST_CASE("all processes are moved into a group of ours") {
  const Tree tree;
  fs::create_directory(tree.at("corral"));
  tree.folder.file("", "corral/cgroup.procs");
  tree.folder.file("0\n17\n", "cgroup.procs");
  CHECK(contains(MemoryGroup::make_in(tree.folder.path(), 1), "faster than they can be moved"));
  CHECK(text_of(tree.at("corral/cgroup.procs")) == "17");
}

TEST_CASE("memory is turned on for the groups below, and a group that takes no limit is none") {
  const Tree tree;
  CHECK(contains(MemoryGroup::make_in(tree.folder.path(), 1), "limiting the memory of"));
  CHECK(text_of(tree.at("cgroup.subtree_control")) == "+memory");
  CHECK(!fs::exists(tree.at("engine-" + std::to_string(::getpid()) + "-0")));

  fs::remove(tree.at("cgroup.subtree_control"));
  CHECK(contains(MemoryGroup::make_in(tree.folder.path(), 1), "turning memory on"));
}

TEST_CASE("groups of a Corral that runs no more are removed, and no others") {
  const Tree tree;
  const std::string old = "engine-2147483647-0";
  const std::string running = "engine-" + std::to_string(::getppid()) + "-0";
  const std::vector<std::string> kept = {running, "engine-", "engine-x-0", "engine-99999999999-0"};
  fs::create_directory(tree.at(old));
  for (const std::string& name : kept) fs::create_directory(tree.at(name));
  CHECK(!MemoryGroup::make_in(tree.folder.path(), 1).has_value());
  CHECK(!fs::exists(tree.at(old)));
  for (const std::string& name : kept) CHECK(fs::exists(tree.at(name)));
}

TEST_CASE("who joins a group writes that to its list") {
  const Tree tree;
  CHECK(join_memory_group(tree.folder.path()));
  CHECK(text_of(tree.at("cgroup.procs")) == "0");
  CHECK(!join_memory_group("/nowhere"));
}
