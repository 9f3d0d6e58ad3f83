// Files that are read and written as a whole: small ones of ours. All of it blocks on the disk.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "base/descriptor.h"
#include "base/result.h"

namespace corral {

// ::open() with O_CLOEXEC, and mode 0600 for a new file, again where a signal interrupts it. Not
// open: errno says why.
Descriptor open_file(const std::string& path, int flags);

// All bytes. kNotFound if there is no such file, kLimit if it has more than `most`, kIo otherwise.
Result<std::string> read_file(const std::string& path, std::size_t most);

// Puts `bytes` in the place of the file, which may not exist yet: whoever reads it finds the old
// file or the new one, also after a loss of power. Writes "PATH.tmp" first; one caller at a time.
// kIo with a sentence; then the file is what it was.
Result<void> replace_file(const std::string& path, std::string_view bytes);

}  // namespace corral
