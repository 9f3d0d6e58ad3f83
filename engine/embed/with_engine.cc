#include <cstdio>
#include <cstdlib>
#include <string>

#include "cli/embedded.h"
#include "incbin.h"

CORRAL_INCBIN(corral_tiny_model, CORRAL_MODEL_FILE)

// llama.cpp declares its server's entry in no header.
int llama_server(int argc, char** argv);

namespace corral {
namespace {

// Names of the instruction sets that engine/CMakeLists.txt compiles for and this processor lacks.
std::string missing_instructions() {
  std::string missing;
#if defined(__x86_64__)
  __builtin_cpu_init();
  if (!__builtin_cpu_supports("sse4.2")) missing += " SSE4.2";
  if (!__builtin_cpu_supports("avx2")) missing += " AVX2";
  if (!__builtin_cpu_supports("fma")) missing += " FMA";
  if (!__builtin_cpu_supports("f16c")) missing += " F16C";
  if (!__builtin_cpu_supports("bmi2")) missing += " BMI2";
#endif
  return missing;
}

}  // namespace

std::optional<std::string_view> tiny_model() { return corral_tiny_model_bytes(); }

int engine_main(int argc, char** argv) {
  const std::string missing = missing_instructions();
  if (!missing.empty()) {
    std::fprintf(
        stderr,
        "corral: this processor lacks%s, which the built-in engine needs; use models with 'cmd'\n",
        missing.c_str());
    return 2;
  }
  // Without it a failed assertion starts a debugger, if one is installed, and hangs for its time.
  setenv("GGML_NO_BACKTRACE", "1", 1);
  return llama_server(argc, argv);
}

}  // namespace corral
