#include "cli/embedded.h"

namespace corral {

const char* corral_version() { return CORRAL_VERSION; }
const char* engine_version() { return CORRAL_ENGINE_VERSION; }
const char* compiler_version() { return CORRAL_COMPILER; }

}  // namespace corral
