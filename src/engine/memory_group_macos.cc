// macOS has no control groups.
#include "engine/memory_group.h"

namespace corral::engine {

std::string delegated_group() { return {}; }

}  // namespace corral::engine
