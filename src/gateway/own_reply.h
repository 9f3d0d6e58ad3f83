// Replies that the service makes itself, on the routes that are not an engine's.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>

#include "http/server.h"

namespace corral::gateway {

inline constexpr std::string_view kPlainText = "text/plain; charset=utf-8";

// Valid JSON whatever bytes the texts hold: model ids may be any that YAML allows.
std::string json_text(const nlohmann::ordered_json& json);

// 200, and never from a cache.
io::Task<void> reply_text(http::Exchange& exchange, std::string_view type, std::string text);
io::Task<void> reply_json(http::Exchange& exchange, const nlohmann::ordered_json& json);

// 405, with what the path takes instead.
io::Task<void> refuse_method(http::Exchange& exchange, std::string_view path, std::string allowed);

}  // namespace corral::gateway
