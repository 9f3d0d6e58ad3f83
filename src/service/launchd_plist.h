// A definition as the property list of a launchd user agent; launchd.plist(5) has the keys, Apple's
// PropertyList-1.0.dtd the format.
#pragma once

#include <string>

#include "service/definition.h"

namespace corral::service {

// The whole file. It starts at login and again after a failure, as a process without the limits of
// a background job, which would slow a model down several times. kInvalid with a sentence if a
// value has a character that XML 1.0 cannot hold, escaped or not (most control characters, U+FFFE,
// U+FFFF), or as check() does.
Result<std::string> launchd_plist(const Definition& definition);

}  // namespace corral::service
