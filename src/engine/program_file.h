// Whether a program can be run here, known before it is tried.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "engine/status.h"

namespace corral::engine {

struct ProgramFault {
  Cause cause = Cause::kNotExecutable;
  std::string words;  // continues a sentence that begins with the program's name
  std::string hint;
};

// Where execvp would find it: `name` itself if there is a '/' in it, else the first file in a
// folder of `environment`'s PATH that can be executed. Empty if it is nowhere.
std::string find_program(const std::string& name, std::span<const std::string> environment);

// What keeps this file from being executed here; nothing if nothing is known to. Looks at its
// first bytes: the processor it is made for, the loader or interpreter that it asks for.
std::optional<ProgramFault> fault_of_program(const std::string& path);

// What is wrong with a binary by its first bytes; nothing also for what is no binary that we know.
// program_file_linux.cc and program_file_macos.cc.
std::optional<ProgramFault> fault_of_binary(std::string_view head);

// Whether this program, a name or a path, runs the words after it elsewhere, where files are others
// or nowhere, and processes are not its children: a container's, another machine's.
bool runs_elsewhere(std::string_view program);

// Whether the file is a binary of this system and no script.
bool is_binary(const std::string& path);

}  // namespace corral::engine
