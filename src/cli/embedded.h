// What is built into the executable beside our own code: the engine, a tiny model that really
// answers, the licences of both and of the libraries, and who built what. engine/embed/ implements
// it (target corral_embed), with and without an engine (-DCORRAL_ENGINE=OFF). Everything here is
// constant data or stateless; any thread may call it.
#pragma once

#include <optional>
#include <string_view>

namespace corral {

// The bytes of a GGUF file of about 1 MB, a one million parameter chat model; they live in the
// executable. Nothing when this binary was built without the engine.
std::optional<std::string_view> tiny_model();

// "0.5.0 (de3ff81)", or "none" when this binary was built without the engine.
const char* engine_version();

// "Clang 19.1.7": what compiled this.
const char* compiler_version();

// "0.1.0"
const char* corral_version();

// The licence texts of everything that is linked in, each under a title, for people to read.
std::string_view licenses();

// Runs llama.cpp's server in this process until it ends and returns its exit status; it may also
// end the process itself. `argv` are llama-server's own, argv[0] being the program; the strings
// must stay. It installs signal handlers and starts threads, so it belongs into a process that does
// nothing else. Prints one sentence to stderr and returns 2 when there is no engine in this binary,
// or when this processor lacks instructions that the engine was compiled to use.
int engine_main(int argc, char** argv);

}  // namespace corral
