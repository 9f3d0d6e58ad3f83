// One place where libuv's failures become our errors.
#pragma once

#include <string>

#include "base/result.h"

namespace corral::io {

// "`what`: connection refused". The code is kClosed for a connection that the other side ended,
// kUnavailable where nobody listens, kIo otherwise.
Error uv_error(const std::string& what, int status);

}  // namespace corral::io
