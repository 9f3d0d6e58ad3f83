// Base64 (RFC 4648, section 4), for Basic credentials.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace corral::http {

// Nothing if the text is malformed. Padding may be missing.
std::optional<std::string> base64_decode(std::string_view text);

}  // namespace corral::http
