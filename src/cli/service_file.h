// ServiceFile: tells the commands of the same user where a service runs, by a small file in the
// user's private runtime folder: "service-PID.json" {url, pid, config, started}.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"

namespace corral::cli {

class ServiceFile {
 public:
  // Writes it in one step: who reads it finds all of it or nothing. `config` is the config file's
  // path, empty for the built-in one. kIo if it cannot be written.
  static Result<ServiceFile> write(const std::string& runtime_dir, const std::string& url,
                                   const std::string& config);
  ServiceFile(ServiceFile&& other) noexcept;
  ServiceFile& operator=(ServiceFile&&) = delete;
  // Writes it again if it has gone, with its folder. kIo if that fails.
  Result<void> restore() const;
  // Removes it.
  ~ServiceFile();

 private:
  ServiceFile(std::string path, std::string text)
      : path_(std::move(path)), text_(std::move(text)) {}
  Result<void> write() const;

  std::string path_;  // empty: moved away
  std::string text_;
};

// The addresses that the files in the folder tell of, the newest service first; not those whose
// process is gone. Whether one answers is for the caller to find out.
std::vector<std::string> known_services(const std::string& runtime_dir);

// The address that the service with that process id tells of; empty if it does not yet.
std::string url_of_service(const std::string& runtime_dir, int pid);

}  // namespace corral::cli
