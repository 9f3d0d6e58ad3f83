// A folder of a test's own, which goes with it.
#pragma once

#include <doctest/doctest.h>
#include <stdlib.h>
#include <unistd.h>  // mkdtemp on macOS

#include <filesystem>
#include <fstream>
#include <string>

namespace corral {

class Folder {
 public:
  Folder() {
    std::string name = (std::filesystem::temp_directory_path() / "corral-XXXXXX").string();
    REQUIRE(::mkdtemp(name.data()) != nullptr);
    path_ = name;
  }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;
  ~Folder() { std::filesystem::remove_all(path_); }

  // Writes a file and returns its path.
  std::string file(const std::string& text, const std::string& name = "c.yaml") const {
    std::ofstream(path_ + "/" + name, std::ios::binary) << text;
    return path_ + "/" + name;
  }
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

}  // namespace corral
