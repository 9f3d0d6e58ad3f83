#include "engine/program_file.h"

#include <doctest/doctest.h>
#include <sys/stat.h>

#include "base/test_folder.h"
#include "io/executable.h"

using namespace corral;
using namespace corral::engine;

namespace {

// Its words; empty if nothing is wrong.
std::string words(const std::string& path) {
  const auto fault = fault_of_program(path);
  if (fault) CHECK_FALSE(fault->hint.empty());
  return fault ? fault->words : "";
}

std::string executable(const Folder& folder, const std::string& bytes) {
  const std::string path = folder.file(bytes, "program");
  REQUIRE(::chmod(path.c_str(), 0700) == 0);
  return path;
}

bool has(const std::string& text, const char* part) { return text.find(part) != std::string::npos; }

}  // namespace

TEST_CASE("a program is found as the system finds it") {
  const Folder folder;
  const std::string path = executable(folder, "#!/bin/sh\n");
  const std::vector<std::string> environment = {"A=1", "PATH=/none:" + folder.path()};
  CHECK(find_program("program", environment) == path);
  CHECK(find_program("./program", environment) == "./program");
  CHECK(find_program("sh", environment).empty());
  CHECK(find_program("sh", {}).ends_with("/sh"));
  REQUIRE(::chmod(path.c_str(), 0600) == 0);
  CHECK(find_program("program", environment).empty());
}

TEST_CASE("what is no program says so") {
  const Folder folder;
  CHECK(words("/bin/sh").empty());
  CHECK(has(words(folder.path() + "/none"), "does not exist"));
  CHECK(has(words(folder.path()), "folder"));
  CHECK(has(words("/dev/null"), "no regular file"));
  CHECK(has(words(folder.file("x", "plain")), "may not be executed"));
  CHECK(has(words(executable(folder, "")), "empty"));
  CHECK(words(executable(folder, "echo text is run by a shell\n")).empty());
}

TEST_CASE("a script needs its interpreter") {
  const Folder folder;
  CHECK(words(executable(folder, "#! /bin/sh -e\nexit 0\n")).empty());
  CHECK(has(words(executable(folder, "#!/opt/none/python3 -u\n")), "/opt/none/python3"));
  CHECK(words(executable(folder, "#!")).empty());  // a shell runs it
}

TEST_CASE("a binary for other machines is known by its first bytes") {
  const Folder folder;
  const Result<std::string> self = io::executable_path();
  REQUIRE(self.has_value());
  CHECK(words(*self).empty());
  CHECK(is_binary(*self));
  CHECK_FALSE(is_binary(executable(folder, "#!/bin/sh\n")));
  std::string head(4096, '\0');
  std::ifstream(*self, std::ios::binary).read(head.data(), 4096);
  if (!head.starts_with("\x7F"
                        "ELF")) {
    return;  // what follows is for Linux
  }
  std::string other = head;
  other[18] = '\x16';  // EM_S390
  other[19] = '\0';
  if (fault_of_binary(other)) {  // unless this machine has emulators
    CHECK(has(fault_of_binary(other)->words, "s390"));
    CHECK(fault_of_binary(std::string("MZ\x90\0", 4)).has_value());
    CHECK(fault_of_binary(std::string("\xCF\xFA\xED\xFE\x0C", 5)).has_value());
  }
  const std::size_t loader = head.find("/lib64/ld-linux-x86-64.so.2");
  if (loader != std::string::npos) {
    std::string foreign = head;
    foreign.replace(loader, 8, "/lib64/m");
    REQUIRE(fault_of_binary(foreign).has_value());
    CHECK(fault_of_binary(foreign)->cause == Cause::kMissingLibrary);
  }
  // Cut anywhere it is nothing that we know.
  for (std::size_t size = 0; size < 1024; ++size) {
    CHECK_FALSE(fault_of_binary(std::string_view(head).substr(0, size)).has_value());
  }
}
