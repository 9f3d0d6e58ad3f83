// What kind of host a text names. Nothing is looked up.
#pragma once

#include <string_view>

namespace corral {

bool is_ip4_address(std::string_view text);
// Without brackets.
bool is_ip6_address(std::string_view text);

// "localhost" and names below it, whatever their case.
bool is_local_name(std::string_view text);

// Only programs of this machine reach it: a local name, 127.0.0.0/8 or ::1.
bool is_loopback(std::string_view host);

}  // namespace corral
