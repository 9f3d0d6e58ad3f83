// Terminal: the terminal that stdout is, for a program that draws in it and takes single keys.
//
// It is opened once more, since the flags of a descriptor are shared with whoever else has it:
// a shell whose terminal does not block would not work on. Loop thread only.
#pragma once

#include <termios.h>

#include <optional>
#include <string_view>

#include "base/descriptor.h"
#include "io/stream.h"

namespace corral::io {

struct TerminalSize {
  int columns;
  int rows;
};

// Nothing where stdout is no terminal, or one that does not know it.
std::optional<TerminalSize> size_of_stdout();

class Terminal {
 public:
  // kInvalid if stdout is no terminal, kIo if it cannot be opened.
  static Result<Terminal> open(Loop& loop);
  Terminal(Terminal&&) noexcept = default;
  Terminal& operator=(Terminal&&) = delete;

  // What is typed, and where to draw.
  Stream& stream() { return stream_; }

  // Keys come at once and are not shown; Ctrl-C and Ctrl-Z are signals as ever. Ctrl-S is a key.
  void take_single_keys();
  // As it was when it was opened.
  void take_lines();

  // Writes without the loop, for the way out. Gives up on a terminal that takes nothing for half a
  // second.
  void write_now(std::string_view bytes);

  // 80 by 24 where the terminal does not know it.
  TerminalSize size() const;

  int descriptor() const { return descriptor_.get(); }
  const termios& line_mode() const { return line_mode_; }

 private:
  Terminal(Stream stream, Descriptor descriptor, const termios& line_mode);
  Stream stream_;
  Descriptor descriptor_;  // another number for what the stream has
  termios line_mode_;
};

}  // namespace corral::io
