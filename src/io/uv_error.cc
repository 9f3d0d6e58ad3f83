#include "io/uv_error.h"

#include <uv.h>

namespace corral::io {

Error uv_error(const std::string& what, int status) {
  Code code = Code::kIo;
  if (status == UV_EPIPE || status == UV_ECONNRESET || status == UV_EOF) code = Code::kClosed;
  if (status == UV_ECONNREFUSED || status == UV_ENOENT) code = Code::kUnavailable;
  if (status == UV_ECANCELED) code = Code::kCancelled;
  return Error{code, what + ": " + uv_strerror(status)};
}

}  // namespace corral::io
