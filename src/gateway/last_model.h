// LastModel: remembers in a StateFile which model was used last, so that `restoreLast` can bring it
// back. Told of every request, it writes only when another model is used, at once and then at most
// once a second, on a helper thread.
//
// Loop thread only.
#pragma once

#include <string>

#include "gateway/state_file.h"
#include "io/event.h"

namespace corral::gateway {

class LastModel {
 public:
  // `section` as in StateFile.
  LastModel(io::Loop& loop, StateFile file, std::string section);
  // Writes what is not written yet.
  ~LastModel();
  LastModel(const LastModel&) = delete;
  LastModel& operator=(const LastModel&) = delete;

  // The id that was used last, in this run or an earlier one; empty if none is known.
  const std::string& id() const { return id_; }

  void used(const std::string& id) {
    if (id != id_) change(id);
  }

 private:
  void change(const std::string& id);
  io::Task<void> write_changes();

  io::Loop& loop_;
  const StateFile file_;
  const std::string section_;
  std::string id_;
  std::string written_;
  io::Event changed_;
  io::Task<void> writing_;
};

}  // namespace corral::gateway
