#include "cli/embedded.h"
#include "incbin.h"

CORRAL_INCBIN(corral_licenses, CORRAL_LICENSES_FILE)

namespace corral {

std::string_view licenses() { return corral_licenses_bytes(); }

}  // namespace corral
