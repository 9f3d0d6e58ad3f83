// StateFile: what Corral remembers from one run to the next, apart from the person's files. A JSON
// file in the user's state folder, with a section for each config file, so that several services of
// one user do not disturb each other:
//
//   {"version": 1, "configs": {"/home/ada/config.yaml": SECTION, ...}}
//
// A file that cannot be understood is renamed to NAME.broken and told in the log; it is never a
// reason not to run. A write replaces the file as a whole (a temporary one, fsync, rename) under a
// lock that the kernel drops with its holder.
//
// The functions block on the disk: on the loop thread they are for the start and the end alone.
#pragma once

#include <string>

#include "base/result.h"
#include "config/config.h"

namespace corral::gateway {

// Where it lies: $XDG_STATE_HOME/corral or ~/.local/state/corral; on macOS
// ~/Library/Application Support/Corral. Empty where there is no home.
std::string state_folder(const config::Environment& environment);

class StateFile {
 public:
  // `folder` may not exist yet. Empty: nothing is read or kept.
  StateFile(std::string folder, std::string name)
      : folder_(std::move(folder)), name_(std::move(name)) {}

  // The section as JSON, empty if there is none.
  std::string read(const std::string& section) const;

  // Replaces the section; `json` is valid JSON, or empty to drop it. kIo with a sentence if that
  // fails; then the file is what it was.
  Result<void> write(const std::string& section, const std::string& json) const;

 private:
  std::string path() const { return folder_ + "/" + name_; }

  std::string folder_;
  std::string name_;
};

}  // namespace corral::gateway
