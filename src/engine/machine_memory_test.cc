#include "engine/machine_memory.h"

#include <doctest/doctest.h>

#include <filesystem>

#include "base/test_folder.h"

using namespace corral;
using namespace corral::engine;

namespace {

constexpr std::uint64_t kMiB = 1024 * 1024;

// A root with the machine's memory, and a group of ours in it.
class Root {
 public:
  Root() {
    for (const char* path : {"proc/self", "sys/fs/cgroup/a/b"}) {
      std::filesystem::create_directories(folder_.path() + "/" + path);
    }
    write("proc/meminfo",
          "MemTotal:        1048576 kB\nMemFree:  1 kB\nMemAvailable:     524288 kB\n"
          "SwapTotal:        102400 kB\n");
    write("proc/self/cgroup", "5:memory:/old\n0::/a/b\n");
  }
  void write(const std::string& path, const std::string& text) const { folder_.file(text, path); }
  MachineMemory memory() const { return machine_memory_below(folder_.path() + "/"); }

 private:
  Folder folder_;
};

bool is_linux() { return std::filesystem::exists("/proc/self/cgroup"); }

}  // namespace

TEST_CASE("this machine has memory, and not more available than it has") {
  const MachineMemory memory = machine_memory();
  CHECK(memory.total_bytes > 64 * kMiB);
  CHECK(memory.available_bytes > 0);
  CHECK(memory.available_bytes <= memory.total_bytes);
}

TEST_CASE("without limits the machine's memory and swap count") {
  if (!is_linux()) return;
  const Root root;
  root.write("sys/fs/cgroup/a/b/memory.max", "max\n");
  CHECK(root.memory().total_bytes == 1124 * kMiB);
  CHECK(root.memory().ram_bytes == 1024 * kMiB);
  CHECK(root.memory().available_bytes == 512 * kMiB);
  CHECK_FALSE(root.memory().limited);
}

TEST_CASE("the smallest limit of our group and those above it counts") {
  if (!is_linux()) return;
  const Root root;
  root.write("sys/fs/cgroup/a/b/memory.max", std::to_string(800 * kMiB));
  root.write("sys/fs/cgroup/a/memory.max", std::to_string(300 * kMiB) + "\n");
  root.write("sys/fs/cgroup/a/memory.swap.max", std::to_string(10 * kMiB));
  root.write("sys/fs/cgroup/a/memory.current", std::to_string(250 * kMiB));
  root.write("sys/fs/cgroup/a/memory.stat",
             "anon 1\ninactive_file " + std::to_string(100 * kMiB) + "\n");
  const MachineMemory memory = root.memory();
  CHECK(memory.limited);
  CHECK(memory.total_bytes == 310 * kMiB);
  CHECK(memory.available_bytes == 150 * kMiB);  // page cache is given back
}

TEST_CASE("a container's limit that lies at the top of its tree counts") {
  if (!is_linux()) return;
  const Root root;
  root.write("proc/self/cgroup", "0::/not/shown/here\n");
  root.write("sys/fs/cgroup/memory.max", std::to_string(200 * kMiB));
  root.write("sys/fs/cgroup/memory.swap.max", "0");
  CHECK(root.memory().total_bytes == 200 * kMiB);
}

TEST_CASE("a system that tells nothing has no memory to compare with") {
  if (!is_linux()) return;
  CHECK(machine_memory_below("/nowhere/").total_bytes == 0);
}
