// Load: what is known outside an engine of the requests in it, told to its health watch. Plain
// stores: it costs a request nothing that can be measured.
#pragma once

#include <cstddef>
#include <cstdint>

namespace corral::engine {

class Load {
 public:
  // Bytes of some reply have come.
  void note_progress() { ++progress_; }
  std::uint64_t progress() const { return progress_; }

  // A request that waits for the engine, for as long as this lives: the engine has all of it and
  // its next bytes are being read. Not one whose client still sends, or is slow to take what came:
  // of such a one no engine is guilty. `counts`: it does, and is not one that may stay silent for
  // as long as it likes.
  class Wait {
   public:
    explicit Wait(Load& load, bool counts = true) : load_(load), count_(counts ? 1 : 0) {
      load_.waiting_ += count_;
    }
    ~Wait() { load_.waiting_ -= count_; }
    Wait(const Wait&) = delete;
    Wait& operator=(const Wait&) = delete;

   private:
    Load& load_;
    const std::size_t count_;
  };
  std::size_t waiting() const { return waiting_; }

 private:
  std::uint64_t progress_ = 0;
  std::size_t waiting_ = 0;
};

}  // namespace corral::engine
