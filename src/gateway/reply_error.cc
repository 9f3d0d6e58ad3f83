#include "gateway/reply_error.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <nlohmann/json.hpp>

namespace corral::gateway {

io::Task<void> reply_error(http::Exchange& exchange, Dialect dialect, int status,
                           std::string message, Duration retry_after) {
  const auto wait = std::max(std::chrono::ceil<seconds>(retry_after), seconds(1)).count();
  const std::string after = std::to_string(wait);
  const std::array<http::Header, 2> headers = {
      {{"Content-Type", "application/json"}, {"Retry-After", after}}};
  const bool later = status == 429 || status == 503;
  const std::string body = error_body(dialect, status, message);
  co_await exchange.reply(status, std::span(headers).first(later ? 2 : 1), body);
}

std::string message_of_error_reply(int status, std::string_view body) {
  using Json = nlohmann::json;
  const Json json = Json::parse(body, nullptr, false);
  if (json.is_object()) {
    for (const char* path : {"/error/message", "/message", "/detail", "/error"}) {
      const Json::json_pointer pointer{path};
      if (!json.contains(pointer)) continue;
      const Json& text = json.at(pointer);
      if (text.is_string()) return text.get<std::string>();
    }
  }
  return "the engine answered with status " + std::to_string(status) +
         " where an event stream was asked for";
}

}  // namespace corral::gateway
