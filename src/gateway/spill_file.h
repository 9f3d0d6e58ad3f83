// SpillFile: the part of a request body that is too large to keep in memory. The file has no name:
// whatever ends the program, nothing is left behind.
//
// Writes go to the page cache of the loop's thread, 64 KiB at a time; there is no fsync.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "base/result.h"

namespace corral::gateway {

// What all spill files together may take. One for the gateway; it outlives them.
struct SpillBudget {
  std::uint64_t left = std::uint64_t{8} << 30;  // bytes
};

class SpillFile {
 public:
  explicit SpillFile(SpillBudget& budget) : budget_(budget) {}
  ~SpillFile();
  SpillFile(const SpillFile&) = delete;
  SpillFile& operator=(const SpillFile&) = delete;

  // Adds to the end; the file is made at the first call, in $TMPDIR or /tmp. kIo with the folder's
  // name when the system refuses (a full disk, say), kUnavailable when the budget is used up.
  Result<void> append(std::string_view bytes);
  std::uint64_t size() const { return size_; }

  // Fills `buffer` from `offset` on, as far as there are bytes. Returns how many.
  Result<std::size_t> read(std::uint64_t offset, std::span<char> buffer) const;

 private:
  Result<void> make();

  SpillBudget& budget_;
  int fd_ = -1;
  std::uint64_t size_ = 0;
};

}  // namespace corral::gateway
