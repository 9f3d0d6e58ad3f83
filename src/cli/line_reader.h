// Lines from the terminal, while the loop goes on and the wait for one can be given up.
#pragma once

#include <memory>
#include <string>

#include "base/result.h"
#include "io/loop.h"

namespace corral::cli {

// Loop thread only; one wait at a time. A wait that is cancelled is the last one: it leaves a
// helper thread behind that looks at stdin until the reader is gone.
class LineReader {
 public:
  // kIo if the system has no pipe left.
  static Result<LineReader> make(io::Loop& loop);
  LineReader(LineReader&& other) noexcept;
  LineReader& operator=(LineReader&&) = delete;
  ~LineReader();

  // The next line of stdin without its end; what stands behind the last newline counts as one.
  // kClosed at the end of stdin.
  io::Task<Result<std::string>> next();

 private:
  struct Input;
  LineReader(io::Loop& loop, std::shared_ptr<Input> input, int release);

  io::Loop* loop_;
  std::shared_ptr<Input> input_;  // shared with the helper thread, which may outlast a wait
  int release_;                   // closing it lets the helper thread go
};

}  // namespace corral::cli
